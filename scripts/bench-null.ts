// Simulates campaigns under the keep rule and others: npm run bench:null [-- null power search shrink retest] [--quick | --effort X]
// Prints the tables of docs/verdict.md. Nothing here passes or fails; tests/core/verdict/null.test.ts does.
import { parseArgs } from 'node:util';
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

const { positionals: wanted, values } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean' }, effort: { type: 'string' } },
});
const wrong = wanted.filter((word) => !Object.hasOwn(TABLES, word));
const effort = values.quick === true ? 0.05 : Number(values.effort ?? 1);
if (wrong.length > 0 || !(effort > 0)) {
  process.stderr.write(
    `unknown: ${wrong.join(' ')}; tables: ${Object.keys(TABLES).join(' ')}; options: --quick, --effort 0.3\n`,
  );
  process.exit(2);
}
for (const [name, table] of Object.entries(TABLES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stderr.write(`${name} …\n`);
  const began = performance.now();
  process.stdout.write(`${render(table(effort))}\n`);
  process.stderr.write(`${name}: ${Math.round((performance.now() - began) / 1000)} s\n`);
}
