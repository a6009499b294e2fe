import { describe, expect, it } from 'vitest';
import { isSecretName, looksSecret, splitEnv } from '../../mcp-server/src/core/secrets.js';

describe('isSecretName', () => {
  it.each([
    ...[
      'OPENAI_API_KEY',
      'ANTHROPIC_API_KEY',
      'WANDB_API_KEY',
      'OPENAI_KEY',
      'HF_TOKEN',
      'HUGGING_FACE_HUB_TOKEN',
      'GH_TOKEN',
    ],
    ...[
      'GITHUB_PAT',
      'CLIENT_SECRET',
      'SECRET_KEY_BASE',
      'DB_PASSWORD',
      'MYSQL_PWD',
      'GOOGLE_APPLICATION_CREDENTIALS',
      'KAGGLE_KEY',
    ],
    ...[
      'AWS_SECRET_ACCESS_KEY',
      'AWS_ACCESS_KEY_ID',
      'AWS_SESSION_TOKEN',
      'AWS_ANYTHING',
      'SSH_AUTH_SOCK',
      'SLURM_JWT',
      'SENTRY_DSN',
    ],
    ...['SLACK_WEBHOOK_URL', 'npm_config__authToken', 'openai_api_key', 'GIT_ASKPASS'],
  ])('%s is one', (name) => expect(isSecretName(name)).toBe(true));

  it.each([
    ...[
      'PATH',
      'HOME',
      'PWD',
      'OLDPWD',
      'LD_LIBRARY_PATH',
      'CUDA_VISIBLE_DEVICES',
      'CUDA_HOME',
      'CONDA_PREFIX',
      'VIRTUAL_ENV',
    ],
    ...[
      'HF_HOME',
      'TOKENIZERS_PARALLELISM',
      'WANDB_PROJECT',
      'WANDB_MODE',
      'KEYBOARD_LAYOUT',
      'PAD_TOKEN',
      'EOS_TOKEN',
      'SORT_KEY',
    ],
    ...[
      'AWS_REGION',
      'AWS_DEFAULT_REGION',
      'MAX_TOKENS',
      'MONKEY',
      'AUTHOR',
      'SSH_CONNECTION',
      'SECRETARY',
      'NCCL_DEBUG',
    ],
  ])('%s is none', (name) => expect(isSecretName(name)).toBe(false));

  it('knows further names, with * for anything', () => {
    expect(isSecretName('MY_THING')).toBe(false);
    expect(isSecretName('MY_THING', ['MY_THING'])).toBe(true);
    expect(isSecretName('LAB_DB_URL', ['lab_*_url'])).toBe(true);
    expect(isSecretName('LAB_URL', ['lab_*_url'])).toBe(false);
    expect(isSecretName('XA', ['*A'])).toBe(true);
    expect(isSecretName('AX', ['*A'])).toBe(false);
    expect(isSecretName('A', ['A*A'])).toBe(false);
  });
});

describe('looksSecret', () => {
  it('knows values by their shape', () => {
    expect(looksSecret(`hf_${'a1B2'.repeat(8)}`)).toBe(true);
    expect(looksSecret('postgres://lab:hunter22@db/x')).toBe(true);
    for (const value of [
      'resnet50',
      '/data/sk-learn/models',
      'http://proxy:3128',
      '0,1',
      'user@host:/path',
      'task-list-0123456789abcdef',
    ]) {
      expect(looksSecret(value)).toBe(false);
    }
  });
});

describe('splitEnv', () => {
  const env = {
    ...{
      PATH: '/bin',
      HOME: '/home/me',
      CUDA_VISIBLE_DEVICES: '0',
      HF_HOME: '/hf',
      TOKENIZERS_PARALLELISM: 'false',
      WANDB_PROJECT: 'p',
    },
    ...{ LD_LIBRARY_PATH: '/lib', VIRTUAL_ENV: '/v', CONDA_PREFIX: '/c', CONDA_DEFAULT_ENV: 'base' },
    ...{
      OPENAI_API_KEY: 'x',
      WANDB_API_KEY: 'y',
      SSH_AUTH_SOCK: '/s',
      LAB_NOTE: 'n',
      DATABASE_URL: 'mysql://a:secret99@h/d',
      GONE: undefined,
    },
  };

  it('keeps what training needs and withholds the rest, by name', () => {
    const { env: kept, withheld } = splitEnv(env, { pass: [], secret: [] });
    expect(withheld).toEqual(['DATABASE_URL', 'OPENAI_API_KEY', 'SSH_AUTH_SOCK', 'WANDB_API_KEY']);
    expect(Object.keys(kept)).toEqual(
      expect.arrayContaining(['PATH', 'HOME', 'CUDA_VISIBLE_DEVICES', 'HF_HOME', 'CONDA_DEFAULT_ENV']),
    );
    expect(Object.keys(kept).length + withheld.length).toBe(Object.keys(env).length - 1);
  });

  it('hands on what the config names, and withholds what it adds', () => {
    const { env: kept, withheld } = splitEnv(env, {
      pass: ['WANDB_API_KEY', 'DATABASE_URL'],
      secret: ['LAB_*'],
    });
    expect(kept.WANDB_API_KEY).toBe('y');
    expect(kept.DATABASE_URL).toBeDefined();
    expect(withheld).toEqual(['LAB_NOTE', 'OPENAI_API_KEY', 'SSH_AUTH_SOCK']);
  });
});
