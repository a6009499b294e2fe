/**
 * What each host needs so that a night of waiting is one tool call without a model call. Claude Code: `timeout` in
 * milliseconds, 25 h, also lifts its limit of 30 silent minutes; tools are otherwise listed by name only. Codex ends a
 * tool call after 300 s unless told otherwise (`tool_timeout_sec`, a week), sends its first request without the tools
 * of a server that is not `required`, and asks or not by each tool's annotations (`auto`).
 */
export const CLAUDE_WAITING = { alwaysLoad: true, timeout: 90_000_000 };
export const CODEX_WAITING = {
  tool_timeout_sec: 604_800,
  startup_timeout_sec: 30,
  required: true,
  default_tools_approval_mode: 'auto',
};

/** Interactive Claude Code moves a call to the background after 120 s, at the price of a model call; 0 turns that off. */
export const AUTO_BACKGROUND = { keys: ['env', 'CLAUDE_CODE_MCP_AUTO_BACKGROUND_MS'], value: '0' };

/** Codex hands HOME, PATH and TERM alone to an MCP server; training needs more of what the person has set. */
export const CODEX_ENV_VARS = [
  ...['CUDA_VISIBLE_DEVICES', 'CUDA_DEVICE_ORDER', 'CUDA_HOME', 'CUDA_PATH', 'LD_LIBRARY_PATH'],
  ...['HIP_VISIBLE_DEVICES', 'ROCR_VISIBLE_DEVICES', 'ROCM_PATH', 'NCCL_SOCKET_IFNAME'],
  ...['CONDA_PREFIX', 'CONDA_DEFAULT_ENV', 'CONDA_EXE', 'VIRTUAL_ENV', 'PYTHONPATH', 'PYENV_VERSION'],
  ...['HF_HOME', 'HF_TOKEN', 'HF_ENDPOINT', 'HF_HUB_CACHE', 'HF_DATASETS_CACHE', 'HF_HUB_OFFLINE'],
  ...['TORCH_HOME', 'WANDB_API_KEY', 'WANDB_BASE_URL', 'WANDB_ENTITY', 'WANDB_PROJECT', 'WANDB_MODE'],
  ...['WANDB_DIR', 'MLFLOW_TRACKING_URI', 'MLFLOW_TRACKING_TOKEN', 'COMET_API_KEY'],
  ...['NEPTUNE_API_TOKEN', 'NEPTUNE_PROJECT', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'],
  ...['http_proxy', 'https_proxy', 'no_proxy', 'SSL_CERT_FILE', 'SSH_AUTH_SOCK', 'USER', 'LANG', 'TMPDIR'],
  'AUTO_EXPERIMENT_STATE_DIR',
];
