import { build } from 'esbuild';

/** The functions of the keep rule as they ship, bundled in memory. */
export async function loadRules() {
  const core = new URL('../../../mcp-server/src/core/', import.meta.url).pathname;
  const { outputFiles } = await build({
    stdin: {
      contents: [
        "export * from './verdict/alpha.js';",
        "export * from './verdict/confirm.js';",
        "export * from './verdict/early-kill.js';",
        "export * from './verdict/noise.js';",
        "export * from './verdict/paired.js';",
        "export * from './verdict/retest.js';",
        "export * from './verdict/rule.js';",
        "export * from './verdict/screen.js';",
        "export * from './verdict/shrink.js';",
        "export * from './verdict/student.js';",
        "export * from './ruling/rule.js';",
        "export * from './campaign.js';",
      ].join('\n'),
      resolveDir: core,
      loader: 'ts',
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
    logLevel: 'error',
  });
  return await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
}
