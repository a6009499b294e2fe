import type { ProviderFault } from '../../mcp-server/src/core/provider.js';
import type { Failure } from './scripted-model.js';

/** Everything that a network, a proxy or a bad model answers instead of an answer, and what it is taken for. */
interface BadAnswer {
  name: string;
  answer: Failure;
  /** A fault, or what is in the reply where it is an answer after all. */
  is: ProviderFault;
  /** Seconds from now on after which it may be asked again; absent = it does not say. */
  retry?: number;
  says?: RegExp;
  hint?: RegExp;
}

/** The time at which they come. */
export const NOW = Date.parse('2026-11-25T04:00:00Z');
const later = (seconds: number): Date => new Date(NOW + seconds * 1000);
const anthropicError = (type: string, message: string) => ({ type: 'error', error: { type, message } });
const openaiError = (code: string | null, message: string, type = 'invalid_request_error') => ({
  error: { message, type, code },
});
const PAGE =
  '<!DOCTYPE html><html><head><style>b{}</style></head><body><h1>502 Bad Gateway</h1>nginx</body></html>';

export const BAD_ANSWERS: BadAnswer[] = [
  {
    name: '429, Retry-After in seconds',
    answer: {
      status: 429,
      headers: { 'retry-after': '17' },
      body: anthropicError('rate_limit_error', 'slow down'),
    },
    is: 'limited',
    retry: 17,
    says: /rate limited.*slow down/,
  },
  {
    name: '429, Retry-After as a date',
    answer: { status: 429, headers: { 'retry-after': later(90).toUTCString() } },
    is: 'limited',
    retry: 90,
  },
  {
    name: '429, retry-after-ms',
    answer: { status: 429, headers: { 'retry-after-ms': '2500' } },
    is: 'limited',
    retry: 2.5,
  },
  {
    name: '429, reset of the limit that is used up',
    answer: {
      status: 429,
      headers: {
        'anthropic-ratelimit-requests-remaining': '12',
        'anthropic-ratelimit-requests-reset': later(5).toISOString(),
        'anthropic-ratelimit-input-tokens-remaining': '0',
        'anthropic-ratelimit-input-tokens-reset': later(300).toISOString(),
      },
    },
    is: 'limited',
    retry: 300,
  },
  {
    name: '429, reset as a duration',
    answer: {
      status: 429,
      headers: {
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-tokens': '6m0s',
        'x-ratelimit-reset-requests': '20ms',
      },
    },
    is: 'limited',
    retry: 360,
  },
  {
    name: '429 without a word of when',
    answer: { status: 429, body: 'Too Many Requests' },
    is: 'limited',
  },
  {
    name: '429 that says it in words',
    answer: {
      status: 429,
      body: openaiError('rate_limit_exceeded', 'Rate limit reached. Please try again in 1m30s.'),
    },
    is: 'limited',
    retry: 90,
  },
  {
    name: '429 for want of money',
    answer: {
      status: 429,
      body: openaiError('insufficient_quota', 'You exceeded your current quota, check your plan'),
    },
    is: 'quota',
    hint: /pay or raise the limit/,
  },
  { name: '402', answer: { status: 402, body: { error: 'Insufficient Balance' } }, is: 'quota' },
  {
    name: '400 for want of money',
    answer: {
      status: 400,
      body: anthropicError('invalid_request_error', 'Your credit balance is too low to access the API'),
    },
    is: 'quota',
  },
  {
    name: '529 overloaded',
    answer: { status: 529, body: anthropicError('overloaded_error', 'Overloaded') },
    is: 'down',
  },
  {
    name: '500',
    answer: { status: 500, body: openaiError(null, 'The server had an error', 'server_error') },
    is: 'down',
  },
  {
    name: '502 with a web page',
    answer: { status: 502, headers: { 'content-type': 'text/html' }, body: PAGE },
    is: 'down',
    says: /502 Bad Gateway/,
  },
  {
    name: '503 with Retry-After',
    answer: { status: 503, headers: { 'retry-after': '120' } },
    is: 'down',
    retry: 120,
  },
  { name: '504, empty', answer: { status: 504 }, is: 'down' },
  {
    name: 'an error in a success',
    answer: { status: 200, body: anthropicError('overloaded_error', 'Overloaded') },
    is: 'down',
  },
  { name: 'connection reset', answer: { reset: true }, is: 'down', says: /ECONNRESET/ },
  {
    name: 'cut within the answer',
    answer: { reset: true, headers: { 'content-length': '999' }, body: '{"content":[{"type":"te' },
    is: 'down',
    says: /cut/,
  },
  { name: 'silence', answer: { hang: true }, is: 'down', says: /no answer within 1 s/ },
  {
    name: '401',
    answer: { status: 401, body: anthropicError('authentication_error', 'invalid x-api-key') },
    is: 'auth',
    hint: /check (ANTHROPIC|OPENAI)_API_KEY/,
  },
  { name: '403', answer: { status: 403, body: { error: { message: 'Country not supported' } } }, is: 'auth' },
  {
    name: '404 for the model',
    answer: { status: 404, body: openaiError('model_not_found', 'The model `scripted-1` does not exist') },
    is: 'no_model',
    says: /scripted-1/,
    hint: /agent\.model/,
  },
  {
    name: '404 for the model, Anthropic',
    answer: { status: 404, body: anthropicError('not_found_error', 'model: scripted-1') },
    is: 'no_model',
  },
  { name: '404, a web page', answer: { status: 404, body: PAGE }, is: 'setup', hint: /agent\.base_url/ },
  {
    name: '308 to elsewhere',
    answer: { status: 308, headers: { location: 'https://elsewhere.example/v1/messages' } },
    is: 'setup',
    says: /elsewhere\.example/,
    hint: /a key is not sent on/,
  },
  {
    name: '400, too long',
    answer: {
      status: 400,
      body: anthropicError('invalid_request_error', 'prompt is too long: 208310 tokens > 200000 maximum'),
    },
    is: 'bad_answer',
    hint: /the next cycle begins a new one/,
  },
  {
    name: '413',
    answer: { status: 413, body: anthropicError('request_too_large', 'Request exceeds the maximum size') },
    is: 'bad_answer',
  },
  {
    name: '400 for another reason',
    answer: { status: 400, body: { detail: 'tools[0] is odd' } },
    is: 'bad_answer',
    says: /tools\[0\] is odd/,
  },
  {
    name: 'a web page as a success',
    answer: {
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: '<html><body>Log in to the guest network</body></html>',
    },
    is: 'bad_answer',
    says: /web page.*Log in to the guest/,
  },
  { name: 'nothing', answer: { status: 200, body: '' }, is: 'bad_answer', says: /empty answer/ },
  {
    name: 'half of the JSON',
    answer: { status: 200, body: '{"content":[{"type":"text","text":"Try' },
    is: 'bad_answer',
    says: /only a part/,
  },
  {
    name: 'JSON of another form',
    answer: { status: 200, body: { answer: 42 } },
    is: 'bad_answer',
    says: /another form/,
  },
  { name: 'a list', answer: { status: 200, body: '[1, 2, 3]' }, is: 'bad_answer', says: /another form/ },
  {
    name: 'prose',
    answer: { status: 200, body: 'Sure! I launched the experiment for you.' },
    is: 'bad_answer',
    says: /no JSON/,
  },
  {
    name: 'bytes that are no text',
    answer: { status: 200, body: new Uint8Array([0x7b, 0xff, 0xfe, 0x00, 0x9f, 0x22, 0xc3, 0x28]) },
    is: 'bad_answer',
  },
  {
    name: '10 MB',
    answer: { status: 200, body: `{"content":[{"type":"text","text":"${'x'.repeat(10 * 1024 * 1024)}"}]}` },
    is: 'bad_answer',
    says: /larger than 8388608 bytes/,
  },
  {
    name: 'an escape sequence in an error',
    answer: { status: 400, body: { error: { message: 'odd \u001b[2J\u202e input' } } },
    is: 'bad_answer',
    says: /odd {2}input|odd input/,
  },
];
