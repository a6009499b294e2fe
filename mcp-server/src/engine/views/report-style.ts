/** The look of the HTML report: one column, calm, light or dark as the reader's system is, readable on a phone. */
export const REPORT_STYLE = `
:root{color-scheme:light dark;--paper:#f5f6f8;--card:#fff;--ink:#1b2430;--soft:#5b6675;--line:#e1e5eb;--link:#2159d6;
--good:#08744f;--good-bg:#e2f5ec;--maybe:#8a5a00;--maybe-bg:#fdf1d8;--bad:#b92525;--bad-bg:#fde8e6;--plain-bg:#eceff3;--code:#f1f3f6}
@media (prefers-color-scheme:dark){:root{--paper:#0b0f14;--card:#12171f;--ink:#e8ecf2;--soft:#9aa6b6;--line:#252d39;--link:#8fb2ff;
--good:#4fd6a5;--good-bg:#10291f;--maybe:#f0b64c;--maybe-bg:#2d2310;--bad:#ff8a82;--bad-bg:#331917;--plain-bg:#1e2631;--code:#1a212b}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
font-variant-numeric:tabular-nums;overflow-wrap:anywhere;-webkit-text-size-adjust:100%}
main{max-width:1000px;margin:0 auto;padding:32px 20px 64px}
h1{font-size:1.05rem;margin:0;letter-spacing:-.005em}
h2{font-size:.95rem;margin:32px 0 10px;letter-spacing:-.005em}
p{margin:0 0 8px}a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
.soft{color:var(--soft)}.small{font-size:.87rem}
.goal{margin:4px 0 18px;color:var(--soft);max-width:75ch}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 18px}
.hero{border-left:5px solid var(--soft)}.hero.good{border-left-color:var(--good)}.hero.maybe{border-left-color:var(--maybe)}
.hero .say{font-size:1.3rem;line-height:1.35;font-weight:650;letter-spacing:-.012em;margin:0 0 6px;max-width:40em}
.hero.maybe .trust{color:var(--maybe)}.hero.good .trust{color:var(--good)}
.facts{display:flex;flex-wrap:wrap;gap:6px 28px;margin:14px 0 0;padding:0;list-style:none}
.facts b{display:block;font-size:.8rem;font-weight:500;color:var(--soft)}
.facts.small{margin-top:12px;gap:4px 28px}
.note{border-radius:10px;padding:10px 16px;margin-top:12px;background:var(--plain-bg)}.note.warn{background:var(--maybe-bg)}
.note ul{margin:0;padding-left:18px}.note b{margin-right:.5em}.note.ask{background:var(--maybe-bg)}
.word{display:inline-block;border-radius:99px;padding:0 9px;font-size:.82rem;line-height:1.6;background:var(--plain-bg);color:var(--soft);white-space:nowrap}
.word.good{background:var(--good-bg);color:var(--good)}.word.maybe{background:var(--maybe-bg);color:var(--maybe)}.word.bad{background:var(--bad-bg);color:var(--bad)}
.chart{background:var(--card);border:1px solid var(--line);border-radius:10px;overflow:hidden;margin:0}
.chart svg.ae{display:block;width:100%;height:auto}.narrow{display:none}
.charts{display:grid;grid-template-columns:1fr 1fr;gap:14px;margin-top:14px}.charts .whole{grid-column:1/-1}
.list{list-style:none;margin:0;padding:0}.list li{padding:9px 0;border-top:1px solid var(--line)}.list li:first-child{border-top:0;padding-top:0}.list li:last-child{padding-bottom:0}
.list p{margin:2px 0 0}.times li{display:grid;grid-template-columns:10.5em 1fr;gap:0 12px}.times p{margin:0}
table{width:100%;border-collapse:collapse}th{font-weight:500;font-size:.82rem;color:var(--soft);text-align:left;white-space:nowrap}
th,td{padding:7px 10px;border-bottom:1px solid var(--line);vertical-align:top}tbody tr:last-child td{border-bottom:0}
.table{padding:6px 8px}.num{text-align:right;white-space:nowrap}td.id{white-space:nowrap}tr.best{background:var(--plain-bg)}
details{border-top:1px solid var(--line)}details:first-child{border-top:0}
summary{cursor:pointer;padding:9px 0}details[open]{padding-bottom:12px}
code,pre{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--code);border-radius:6px}
code{padding:1px 5px}pre{padding:10px 12px;margin:4px 0 10px;white-space:pre-wrap;max-height:320px;overflow:auto}
dl{display:grid;grid-template-columns:max-content 1fr;gap:6px 16px;margin:4px 0 12px}dt{color:var(--soft)}dd{margin:0;min-width:0}
.metrics{width:auto;min-width:min(100%,420px)}.metrics th,.metrics td{padding:4px 12px 4px 0}
@media (max-width:680px){
main{padding:20px 14px 48px}.wide{display:none}.narrow{display:block}.charts{grid-template-columns:1fr}
.hero .say{font-size:1.12rem}
.runs thead{display:none}.runs,.runs tbody,.runs tr,.runs td{display:block}
.runs tr{display:flex;flex-wrap:wrap;gap:1px 12px;align-items:baseline;padding:10px 6px;border-bottom:1px solid var(--line)}.runs tr:last-child{border-bottom:0}
.runs td{border:0;padding:0;text-align:left}.runs td.what{flex:1 0 60%}.runs td[data-name]::before{content:attr(data-name) " ";color:var(--soft);font-size:.82rem}
dl,.times li{grid-template-columns:1fr;gap:0}dd{margin-bottom:8px}}
@media print{body{background:#fff}.card,.chart{break-inside:avoid}}
`.trim();
