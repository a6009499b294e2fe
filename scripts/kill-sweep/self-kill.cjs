// Loaded with `node --require` by the kill sweep: kills the process it lives in with SIGKILL just before or just after
// its N-th change on disk, so that the instants between two changes are hit far more often than by waiting.
// SELF_KILL="<command> <N> <before|after> <token file>"; the token is taken once, so that one process dies of it.
const fs = require('node:fs');
const childProcess = require('node:child_process');
const { syncBuiltinESMExports } = require('node:module');

const [command, count, when, token] = (process.env.SELF_KILL ?? '').split(' ');
if (command !== undefined && process.argv[2] === command && fs.existsSync(token ?? '')) {
  const { appendFileSync, renameSync } = fs;
  let left = Number(count);
  const die = (name) => {
    try {
      renameSync(token, `${token}.used`);
    } catch {
      return;
    }
    appendFileSync(`${token}.used`, `${process.pid} ${Date.now()} ${when} ${name}\n`);
    process.kill(process.pid, 'SIGKILL');
  };
  const around = (module, name, counts = () => true) => {
    const original = module[name];
    module[name] = (...args) => {
      const last = counts(args) && --left === 0;
      if (last && when === 'before') die(`${name} ${String(args[0]).slice(-40)}`);
      const result = original(...args);
      if (last && when === 'after') die(`${name} ${String(args[0]).slice(-40)}`);
      return result;
    };
  };
  for (const name of [
    'renameSync',
    'writeSync',
    'symlinkSync',
    'linkSync',
    'mkdirSync',
    'rmSync',
    'writeFileSync',
  ])
    around(fs, name);
  around(fs, 'openSync', ([, flags]) => typeof flags === 'number' && (flags & fs.constants.O_CREAT) !== 0);
  around(childProcess, 'spawn');
  around(childProcess, 'execFile');
  syncBuiltinESMExports();
}
