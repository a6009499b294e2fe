import { isEpochName, isSettingsKey, isStem, normalizeName, stepRank } from './names.js';

// `------ arguments ------`, `LlamaConfig {`, `TrainingArguments(`, `Hyperparameters for 3DBall:`
const TITLE =
  /(?:^|[^a-z])(?:\w*config(?:uration)?s?|settings|hyper[- ]?param(?:eter)?s?|\w*arguments|args|opts?|options|params|parameters)\b[^=\d]{0,60}(?:[:{(]\s*|[-=*#]{3,}\s*)$|^\W*(?:config(?:uration)?|settings|hyper[- ]?param(?:eter)?s?|(?:training )?arguments|args|options)\W*$/i;
const TITLE_END = /[:{(\-=*#]\s*$|^\W*\p{L}+(?: \p{L}+)?\W*$/u;
/** One key of a dump: YAML, `key = value`, a keyword argument, JSON, dots up to the value, or only a bracket, an item or the title of a part. */
const LINE =
  /^\s*(?:- )?(?:--)?["']?([\p{L}_][\p{L}\p{N}_./ -]{0,60}?)["']?(?:\s*[:=]\s*|\s*\.{2,}\s*|\s{2,}|\t)(\S+|[[{("'].*|[^\d:=]+)?\s*$|^\s*(?:- \S+|[[\]{}()]+,?|["'][^"']*["'],?|[+-]?[\d.eE+-]+,?)\s*$/u;
const CORE =
  /(?:^|_)(?:loss|acc|accuracy|error|reward|return|score|auc|f1|ppl|perplexity|bleu|psnr|iou|miou|map|mae|mse|rmse|bpb)\d*(?:_mean|_avg)?$/;
const REAL = /^[+-]?(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|nan|inf)%?,?\s*$/i;

/** `| Parameter | Value |` heads a box of settings. */
const BOX_TITLE =
  /^\s*[|│┃]\s*(?:hyper-?)?(?:parameter|argument|option|setting|config(?:uration)?)s?(?: name)?\s*[|│┃]\s*(?:value|default)s?\s*[|│┃]\s*$/i;
const BOXED =
  /^\s*[|│┃]\s*([^|│┃]+?)\s*[|│┃]\s*([^|│┃]*?)\s*[|│┃]\s*$|^\s*[+╭├╰┌└┡┏┗|][-─━=+┬┼┴╇┳┻╋:|]{3,}.?\s*$/;

/** Whether the lines after this one list settings: its title, or a key that only settings have. */
export function opensSettings(text: string): boolean {
  if (text.length > 200) return false;
  if ((TITLE_END.test(text) && TITLE.test(text)) || BOX_TITLE.test(text)) return true;
  const found = LINE.exec(text);
  return found?.[1] !== undefined && isSettingsKey(normalizeName(found[1])) && !isMeasured(text);
}

/** Whether a line goes on with a list of settings. One that measures something ends it. */
export function staysInSettings(text: string): boolean {
  // The pattern tries each way to cut the spaces of a line.
  if (text.length > 500) return false;
  const boxed = BOXED.exec(text);
  if (boxed !== null) return boxed[1] === undefined || !isMeasured(`${boxed[1]}: ${boxed[2]}`);
  const found = LINE.exec(text);
  if (found === null) return false;
  return found[1] === undefined || !(isPlace(normalizeName(found[1])) || isMeasured(text));
}

const isPlace = (normalized: string): boolean =>
  isEpochName(normalized) || stepRank(normalized) !== undefined;

/** `eval_loss: 0.41` stands in no list of settings; `loss_weight: 0.5` and `target_reward: 200` do. */
function isMeasured(text: string): boolean {
  const found = LINE.exec(text);
  const [, name, value] = found ?? [];
  if (name === undefined || value === undefined || !REAL.test(value)) return false;
  const normalized = normalizeName(name);
  return (
    CORE.test(normalized) && !/^(?:target|min|max|init)_/.test(normalized) && name.split(' ').some(isStem)
  );
}
