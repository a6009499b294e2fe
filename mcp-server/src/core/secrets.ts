/** What a secret looks like, by the name of its variable and by its own shape. Published key formats of the vendors. */

/** Whole keys. Each expression takes time linear in the text. */
export const KEY_SHAPES: readonly RegExp[] = [
  /(?<![A-Za-z0-9])sk-(?=[A-Za-z_-]{0,40}\d)[A-Za-z0-9_-]{16,}/g, // OpenAI, Anthropic, DeepSeek, Qwen, OpenRouter
  /(?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{20,}/g, // GitHub
  /(?<![A-Za-z0-9])github_pat_[A-Za-z0-9_]{20,}/g,
  /(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}(?![0-9A-Za-z])/g, // AWS access key ids
  /(?<![A-Za-z0-9])hf_[A-Za-z0-9]{20,}/g, // Hugging Face
  /(?<![A-Za-z0-9])api_org_[A-Za-z0-9]{20,}/g,
  /(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,}/g, // Slack
  /(?<![A-Za-z0-9])xapp-\d-[A-Za-z0-9-]{10,}/g,
  /(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?/g, // JSON Web Tokens
  /(?<![A-Za-z0-9])AIza[0-9A-Za-z_-]{30,}/g, // Google
  /(?<![A-Za-z0-9])ya29\.[0-9A-Za-z_-]{20,}/g,
  /(?<![A-Za-z0-9])GOCSPX-[0-9A-Za-z_-]{20,}/g,
  /(?<![A-Za-z0-9])gl(?:pat|dt|rt|ptt|cbt|agent|soat|ft)-[0-9A-Za-z_.-]{16,}/g, // GitLab
  /(?<![A-Za-z0-9])npm_[A-Za-z0-9]{30,}/g,
  /(?<![A-Za-z0-9])pypi-[A-Za-z0-9_-]{32,}/g,
  /(?<![A-Za-z0-9])(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}/g, // Stripe
  /(?<![A-Za-z0-9])SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}/g, // SendGrid
  /(?<![A-Za-z0-9])\d{8,10}:AA[A-Za-z0-9_-]{32,}/g, // Telegram bots
  /(?<![A-Za-z0-9])gsk_[A-Za-z0-9]{20,}/g, // Groq
  /(?<![A-Za-z0-9])(?:xai|pplx|nvapi|fw|csk)-[A-Za-z0-9_-]{24,}/g, // xAI, Perplexity, NVIDIA, Fireworks, Cerebras
  /(?<![A-Za-z0-9])(?:r8|tgp_v1|wandb_v1|esecret|secret_ant)_[A-Za-z0-9_-]{20,}/g, // Replicate, Together, W&B, Anyscale
  /(?<![A-Za-z0-9])do[opr]_v1_[a-f0-9]{64}/g, // DigitalOcean
  /(?<![A-Za-z0-9])dapi[a-f0-9]{32}/g, // Databricks
  /(?<![A-Za-z0-9])AGE-SECRET-KEY-1[A-Z0-9]{40,}/g,
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:(?:[^-]|-(?!----)){0,12000}?-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----|(?:(?:\s|\\[nr]){1,4}[A-Za-z0-9+/=]{16,})*)/g,
];

/** Keys told by what stands around them; the first group is kept. */
export const KEY_PLACES: readonly RegExp[] = [
  /(\b(?:proxy-)?authorization["']?\s{0,4}[:=]\s{0,4}["']?(?:bearer|basic|token|apikey)\s{1,4})[^\s"',;[\]]{4,}/gi,
  /(\bbearer\s{1,4})[A-Za-z0-9._~+/-]{16,}={0,2}/gi,
  /(\bx-api-key["']?\s{0,4}[:=]\s{0,4}["']?)[^\s"',;[\]]{8,}/gi,
  // Passwords in addresses: scheme://user:password@host, and a token that stands alone before the @.
  /(\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@[\]]{0,100}:)[^\s/@[\]]{1,300}(?=@)/gi,
  /(\bhttps?:\/\/)[A-Za-z0-9_-]{20,300}(?=@)/gi,
  /(\bhooks\.slack\.com\/(?:services|workflows)\/)[A-Za-z0-9/_-]{8,}/g,
  /(\bdiscord(?:app)?\.com\/api\/webhooks\/)[A-Za-z0-9/_-]{8,}/g,
  /(\b(?:AccountKey|SharedAccessKey)=)[A-Za-z0-9+/=]{20,}/g, // Azure
  /([?&](?:X-Amz-Signature|sig|api_key|apikey|access_token|token|key)=)[A-Za-z0-9%_.~+/-]{16,}={0,2}/gi,
  // NAME=value as `env` and .env files print it, and the same in JSON or YAML.
  /(\b[A-Z][A-Z0-9_]{0,60}_(?:API_?KEY|TOKEN|SECRET|SECRET_KEY|ACCESS_KEY|PASSWORD|PASSWD)["']?\s{0,4}[:=]\s{0,4}["']?)[A-Za-z0-9+/=_.~:-]{8,}/g,
  /(\b(?:api_?key|secret_?key|client_secret|access_token|auth_token|refresh_token|password|passwd|passphrase)["']?\s{0,4}[:=]\s{0,4}["']?)(?=[^\s"',;[\]]{0,200}[0-9!@#$%^&*])[^\s"',;[\]()]{8,}/gi,
];

// Not secrets although their names end like one: model vocabulary, sorting, public halves, and settings.
const HARMLESS =
  /^(?:.*_)?(?:PAD|EOS|BOS|UNK|SEP|CLS|MASK|STOP|START|SPECIAL|NEXT|MAX|IMAGE|TARGET)_TOKEN$|^(?:.*_)?(?:PUBLIC|PUB|SORT|PRIMARY|FOREIGN|PARTITION|GROUP|CACHE|HOT|METRIC|INDEX|MONITOR|SHORTCUT|LABEL|DATA|BATCH|INPUT|OUTPUT)_KEY$|^KEYBOARD|^(?:OLD)?PWD$|^AWS_(?:DEFAULT_)?REGION$|^AWS_(?:PROFILE|PAGER|ENDPOINT_URL(?:_.*)?|EC2_METADATA_DISABLED|CA_BUNDLE|DEFAULT_OUTPUT|MAX_ATTEMPTS|RETRY_MODE)$/;

const SECRET_NAMES =
  /API_?KEY(?:_\d+|S)?$|TOKEN(?:_\d+)?$|(?:^|_)SECRETS?(?:$|_)|PASSWORD|PASSWD|PASSPHRASE|(?:^|_)(?:KEY|PAT|PWD|JWT|DSN|AUTH|COOKIE|CRED|CREDS|CREDENTIAL|CREDENTIALS)$|ACCESS_KEY|PRIVATE_KEY|CREDENTIALS|WEBHOOK|CONNECTION_STRING$|^AWS_|ASKPASS$|^SSH_AUTH_SOCK$|^SSH_AGENT_PID$|^GPG_AGENT_INFO$|^SSH_PRIVATE/;

/**
 * Whether a variable of this name holds a secret or leads to one (agents, password helpers). `extra` are further names;
 * `*` in them stands for anything. Capitals do not matter.
 */
export function isSecretName(name: string, extra: readonly string[] = []): boolean {
  const upper = name.toUpperCase();
  if (extra.some((pattern) => matchesName(upper, pattern))) return true;
  return SECRET_NAMES.test(upper) && !HARMLESS.test(upper);
}

/** Whether a value has the shape of a key, or holds one: a known key format, an address with a password, a key block. */
export function looksSecret(value: string): boolean {
  return [...KEY_SHAPES, ...KEY_PLACES].some((shape) => value.search(shape) >= 0);
}

/** Kept whatever their values look like: without them nothing starts. */
const NEEDED = new Set([
  'PATH',
  'HOME',
  'USER',
  'SHELL',
  'PWD',
  'LANG',
  'TMPDIR',
  'LD_LIBRARY_PATH',
  'PYTHONPATH',
  'VIRTUAL_ENV',
  'CONDA_PREFIX',
]);

/**
 * The environment that training is given: all but secrets. `pass` are names that the config hands on in spite of that,
 * `secret` further ones to withhold (`*` stands for anything in both); `pass` wins. `withheld` are names, sorted.
 */
export function splitEnv(
  env: Readonly<Record<string, string | undefined>>,
  lists: { pass: readonly string[]; secret: readonly string[] },
): { env: Record<string, string>; withheld: string[] } {
  const kept: Record<string, string> = {};
  const withheld: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue;
    const passed = lists.pass.some((pattern) => matchesName(name.toUpperCase(), pattern));
    const secret = isSecretName(name, lists.secret) || (!NEEDED.has(name) && looksSecret(value));
    if (passed || !secret) kept[name] = value;
    else withheld.push(name);
  }
  return { env: kept, withheld: withheld.sort() };
}

/** Values of the variables that hold secrets: what is written down or shown must not carry them. `extra` as above. */
export function secretValues(
  env: Readonly<Record<string, string | undefined>>,
  extra: readonly string[] = [],
): string[] {
  return splitEnv(env, { pass: [], secret: extra }).withheld.map((name) => env[name] ?? '');
}

function matchesName(upperName: string, pattern: string): boolean {
  const parts = pattern.toUpperCase().split('*');
  const [first = '', ...rest] = parts;
  if (rest.length === 0) return upperName === first;
  if (!upperName.startsWith(first)) return false;
  let at = first.length;
  const last = rest.pop() ?? '';
  for (const part of rest) {
    const found = upperName.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return upperName.length - last.length >= at && upperName.endsWith(last);
}
