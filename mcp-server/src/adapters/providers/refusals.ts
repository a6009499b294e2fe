import { knownModels } from '../../core/price.js';
import { ProviderError, type ProviderFault, type ProviderName, type Usage } from '../../core/provider.js';
import { clip, nearest, oneLine } from '../../core/text.js';
import { retryAtIn, retryAtOf } from './reset.js';

/** Who was asked, for words. */
export interface Asked {
  provider: ProviderName;
  model: string;
  /** Host and path that were asked, or the program. */
  at: string;
  /** What a person does about a refused key. */
  keyHint: string;
  /** Takes keys out of texts. */
  redact: (text: string) => string;
  now: number;
}

/** A refusal as it came: `words` is what it says, `code` the names that it gives itself. */
export interface Refusal {
  status: number | null;
  words: string;
  code: string;
  headers: Readonly<Record<string, string>>;
  usage?: Usage | null;
}

const QUOTA =
  /insufficient.?(?:quota|balance|credits?|funds)|billing|credit balance|exceeded your current quota|spend(?:ing)? (?:limit|cap)|api usage limits|payment|out of credits|requires more credits/i;
const CONTEXT =
  /context.?(?:length|window)|prompt is too long|too many (?:input )?tokens|maximum context|request_too_large|input is too long/i;
const NO_MODEL =
  /model(?! provider).{0,100}(?:not.found|does.?n.t exist|does not exist|may not exist|no access|not have access|is not (?:available|supported|found)|unknown|invalid)|(?:unknown|invalid|no such|not a valid) model|model_not_found|no endpoints found/i;
const RATE =
  /rate.?limit|too many requests|usage limit|hit your(?: \S+)? limit|out of (?:extra )?usage|limit reached|quota exceeded for|throttl/i;
const OVERLOADED =
  /overloaded|server_error|internal server error|temporarily unavailable|capacity|api_error|service unavailable|high demand|disconnected|connection (?:failed|refused|error|reset|closed)|unable to connect|ECONN[A-Z]+|ENOTFOUND|EAI_AGAIN|timed? ?out|network/i;
const AUTH =
  /authentication|unauthorized|invalid.{0,12}(?:api.?key|x-api-key|bearer|token)|(?:api.?key|token).{0,20}(?:invalid|expired|revoked)|not logged in|please run \/login|permission_error|oauth token|log ?in again|sign in again/i;

/** Which fault a refusal is. The status decides where it is clear, the words elsewhere. */
function faultOf({ status, words, code }: Pick<Refusal, 'status' | 'words' | 'code'>): ProviderFault {
  const all = `${code} ${words}`;
  if (status === 402) return 'quota';
  if (status === 429)
    return QUOTA.test(all) && !/per.(?:minute|second|hour)/i.test(all) ? 'quota' : 'limited';
  if (status === 401) return 'auth';
  if (status === 403) return QUOTA.test(all) ? 'quota' : NO_MODEL.test(all) ? 'no_model' : 'auth';
  if (status === 404 || status === 405)
    return NO_MODEL.test(all) || /not_found_error/.test(code) ? 'no_model' : 'setup';
  if (status !== null && status >= 300 && status < 400) return 'setup';
  if (status === 408 || status === 425 || (status !== null && status >= 500)) return 'down';
  if (status !== null && status >= 400 && status !== 400 && status !== 422) return 'bad_answer';
  // 400, 422, or no status at all: an error in the body of a success, or the words of a program.
  if (CONTEXT.test(all)) return 'bad_answer';
  if (QUOTA.test(all)) return 'quota';
  if (NO_MODEL.test(all)) return 'no_model';
  if (AUTH.test(all)) return 'auth';
  if (status === null && RATE.test(all)) return 'limited';
  if (status === null && OVERLOADED.test(all)) return 'down';
  return 'bad_answer';
}

/** A refusal as an error with words and what to do. Nothing in it is a key. */
export function refused(refusal: Refusal, asked: Asked, fault = faultOf(refusal)): ProviderError {
  const { status, words, code, headers, usage = null } = refusal;
  const said = clip(oneLine(asked.redact(words)), 300);
  const label = [status, clip(oneLine(asked.redact(code)), 60)]
    .filter((part) => part !== null && part !== '')
    .join(' ');
  const message = `${asked.provider}: ${PROBLEM[fault](asked)}${label === '' ? '' : ` (${label})`}${said === '' ? '' : `: ${said}`}`;
  const passing = fault === 'limited' || fault === 'down' || fault === 'quota';
  const retryAt = passing ? (retryAtOf(headers, asked.now) ?? retryAtIn(words, asked.now)) : null;
  return new ProviderError(fault, message, hintOf(fault, asked, `${code} ${words}`, status), retryAt, usage);
}

const PROBLEM: Record<ProviderFault, (asked: Asked) => string> = {
  limited: () => 'rate limited',
  down: () => 'cannot answer now',
  auth: ({ at }) => `${at} refuses the key`,
  quota: () => 'no money or quota is left',
  no_model: ({ model }) => `there is no model "${clip(oneLine(model), 80)}" for this key`,
  setup: ({ at }) => `${at} is not where it can be asked`,
  bad_answer: () => 'the request was not accepted',
};

function hintOf(fault: ProviderFault, asked: Asked, words: string, status: number | null): string {
  switch (fault) {
    case 'limited':
    case 'down':
      return /ENOTFOUND|ECONNREFUSED|refused/.test(words)
        ? 'it is asked again; if it stays so, look at the network and at agent.base_url'
        : 'it passes by itself: it is asked again then';
    case 'auth':
      return asked.keyHint;
    case 'quota':
      return 'pay or raise the limit with the provider, then start again; or choose another agent.provider';
    case 'no_model': {
      const close = nearest(asked.model, knownModels(asked.provider));
      return close === undefined || close === asked.model
        ? `set agent.model in config.yaml to a model that this key may use; known by name: ${knownModels(asked.provider).slice(0, 4).join(', ')}`
        : `set agent.model in config.yaml; did you mean ${close}?`;
    }
    case 'setup':
      return status !== null && status >= 300 && status < 400
        ? 'it sends us elsewhere, and a key is not sent on: write the address that it names into agent.base_url'
        : 'check agent.base_url: the address of the API itself, with or without /v1';
    case 'bad_answer':
      return CONTEXT.test(words)
        ? 'the conversation has become too long for this model; the next cycle begins a new one'
        : 'if it stays so, try another agent.model, or check whether the endpoint knows tools';
  }
}
