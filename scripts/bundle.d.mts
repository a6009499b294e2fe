interface Output {
  path: string;
  contents: Uint8Array;
}

export function buildChunks(outdir: string): Promise<Output[]>;
export function buildOneFile(): Promise<Uint8Array>;
