// Simulates campaigns under the keep rule and others: npm run bench:null [-- null power search shrink retest] [--quick]
// Prints the tables of docs/verdict.md. Nothing here passes or fails; tests/core/verdict/null.test.ts does.
import {
  type Effort,
  nullTable,
  powerTable,
  render,
  retestTable,
  searchTable,
  shrinkTable,
  type Table,
} from './bench/null/tables.js';

const TABLES: Readonly<Record<string, (effort: Effort) => Table>> = {
  null: nullTable,
  power: powerTable,
  search: searchTable,
  shrink: shrinkTable,
  retest: retestTable,
};

const args = process.argv.slice(2);
const wrong = args.filter((word) => word !== '--quick' && !Object.hasOwn(TABLES, word));
if (wrong.length > 0) {
  process.stderr.write(
    `unknown: ${wrong.join(' ')}; tables: ${Object.keys(TABLES).join(' ')}; option: --quick\n`,
  );
  process.exit(2);
}
const effort = args.includes('--quick') ? 0.05 : 1;
const wanted = args.filter((word) => word !== '--quick');
for (const [name, table] of Object.entries(TABLES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stderr.write(`${name} …\n`);
  const began = performance.now();
  process.stdout.write(`${render(table(effort))}\n`);
  process.stderr.write(`${name}: ${Math.round((performance.now() - began) / 1000)} s\n`);
}
