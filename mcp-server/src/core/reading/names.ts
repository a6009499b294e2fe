/**
 * What names mean. Three questions: is it where training stands (step, epoch), is it the name of a metric as people
 * use them, is it something else that is printed as a number (times, sizes, hyper-parameters)?
 */
const set = (words: string): ReadonlySet<string> => new Set(words.trim().split(/\s+/));

/** Lower case; every run of other characters than letters and digits becomes one `_`. */
export function normalizeName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '');
}

const EPOCH = set('epoch ep cur_epoch current_epoch epoch_num');
// In order of worth: the first of them that a line shows is its step.
const STEPS = [
  'global_step',
  'num_updates',
  'step',
  'iter',
  'iteration',
  'iterations',
  'tick',
  'it',
  'steps',
  'update',
  'train_step',
  'current_step',
  'global_steps',
  'completed_step',
  'timestep',
  'timesteps',
  'total_timesteps',
  'num_timesteps',
  'env_step',
  'env_steps',
  'frame',
  'frames',
  'updates',
  'episode',
];
const STEP_RANK: ReadonlyMap<string, number> = new Map(STEPS.map((name, index) => [name, index]));

export const isEpochName = (normalized: string): boolean => EPOCH.has(normalized);

/** How good a step this name is, 0 the best; undefined when it is none. */
export const stepRank = (normalized: string): number | undefined => STEP_RANK.get(normalized);

const STEMS =
  set(`loss losses acc accuracy top1 top5 acc1 acc5 err error errors precision recall f1 f1score cost fscore auc auroc roc ap map miou iou giou dice
  ppl perplexity bpb bpc bleu rouge rougel rouge1 rouge2 meteor cider wer cer mae mse rmse mape smape r2 psnr ssim lpips fid kid kld kl elbo
  nll bce mlm reward rewards return returns score scores entropy grad gnorm norm lr lrs mfu logloss ndcg mrr hits spearman pearson corr correlation
  kappa mcc jaccard inertia fitness success win winrate elo likelihood objective residual divergence diff difference
  throughput fid50k psnrs metric l1 l2 mpjpe epe cider spice chrf sdr sisdr snr sisnr pesq stoi hter ser eer dcf rank1 rank5 silhouette ari nmi
  bias variance spearmanr pearsonr exact em wacc uar ece brier crps deviance gini quantile lambdarank multi_logloss binary_logloss l2norm tflops flops
  bound energy force corrcoef rho tau ratio rate margin margins regret advantage penalty fps ips`);
const ENDS_LIKE =
  /(?:loss|acc|accuracy|error|entropy|reward|score|psnr|ssim|bleu|ppl|auc|rmse|mae|mse|iou|dice|recall|precision|norm|perplexity|@[.\d][\d.:]*|map\d*|ap\d+|ar\d+|f1)$/;

const STEM_SOMEWHERE = new RegExp(
  `(?<![a-z0-9@])(?:${[...STEMS].join('|')})(?![a-z0-9@])|${ENDS_LIKE.source.replace(/\$$/, '')}(?![a-z0-9@])`,
  'i',
);

/** Whether any word of a line can be a stem: one test in place of one per word. */
export const hasStem = (text: string): boolean => STEM_SOMEWHERE.test(text);

/** One word of a name says that this is a metric. */
export function isStem(word: string): boolean {
  const bare = word.toLowerCase().replace(/^[^a-z0-9@]+|[^a-z0-9@]+$/g, '');
  return STEMS.has(bare) || ENDS_LIKE.test(bare) || bare.split(/[^a-z0-9@]+/).some((part) => STEMS.has(part));
}

const QUALIFIERS =
  set(`train training trained val valid validation eval evaluation test testing dev holdout avg average averaged mean best total current final last
  smoothed running epoch batch macro micro weighted balanced global local step model actor critic policy value student teacher generator discriminator gen dis
  lm mlm nll cls box mask reg aux ce kl learning top mini pixel token tokens word char exact per overall max min median std raw ema l1 l2 rpn obj pred
  history bbox segm reconstruction adversarial contrastive cycle identity content style perceptual`);

/** A word that goes before the name of a metric and belongs to it: `train loss`, `Avg. Loss`. */
export const isQualifier = (word: string): boolean =>
  QUALIFIERS.has(word.toLowerCase().replace(/[^a-z0-9]/g, ''));

const NEVER =
  set(`time times eta elapsed date timestamp timestamps version versions pid port localhost memory mem maxmem gpumem cpumem gpu gpus cpu cpus host rank ranks
  seed seeds id uid jobs lineno line lines wall v num number allocated reserved remaining consumed examples example accumulation trainable params parameters param optimization
  args config batch batches bsz bs wpb batchsize minibatch dropout momentum decay beta betas eps epsilon warmup workers worker layers layer heads head hidden dim
  dims depth vocab seqlen size sizes device devices node nodes world patience frequency every weights estimators classes class images instances targets labels support
  dataset datasets data shard shards file files folder shape channels kernel stride padding width height resolution group groups progress fold folds trial trials attempt retries retry
  capacity cache reader uptime count counts mom mb_qsize qsize eta_seconds max_length bytes kb mb_used gb`);
const NEVER_WHOLE =
  set(`n m k c d t s w h x y z i j max min count samples sample tokens total_time remaining_time max_mem gpu_mem peak_memory timesteps_total_time
  max_grad_norm label_smoothing clip_norm grad_clip gradient_clip loss_fn loss_type loss_weight beam beam_size top_k top_p topk epochs max_epochs num_epochs max_steps
  train_samples eval_samples predict_samples avg_samples tol n_jobs gamma cuda eos bos unk sequence_length seq_length seq_len context_length
  max_sequence_length flops_per_token estimated_flops_per_token total_flos total_flops crop_pct maintenance clip clip_range pavg initscore nnzs lrm hyp_len total_tokens_m seq_lens min_delta sents sys_len ref_len syslen reflen ntasks layer_norm_eps rms_norm_eps
  initializer_range adam_beta1 adam_beta2 label_smoothing_factor total_optimization_steps logging_steps save_steps eval_steps warmup_steps max_iters eval_iters eval_interval wall_time date_time learning_rate_schedule bf16 fp16 tf32
  episodes level priority status code exit_code rc signal errno todo gradient_accumulation_steps steps_per_epoch total_batches duration took oom job jobid arch_version interval log_interval save_interval seconds secs c
  n_updates iterations training_iteration iterations_since_restore dur dp pp tp cp n_st n_ep env_episode`);

/** The last word of the name counts where training stands: `PPO Epoch`, `acc_iter`, `rollout_step`. Not `train_loss_step`. */
export const endsInPlace = (normalized: string): boolean =>
  /(?:^|_)(?:epoch|ep|iter|iteration|step)$/.test(normalized) &&
  (normalized === 'acc_iter' || !normalized.split('_').some((part) => STEMS.has(part)));

/** What people print behind its value: `75.6 rew`, `45.1% bf16 MFU`, `235930 tok/s`. */
export const followsValue = (word: string): boolean =>
  /^(?:rew|rewards?|loss|acc(?:uracy)?|mfu|auc|f1|bleu|map|miou|ppl|psnr|ssim|score|(?:tok|tokens?|img|images)\/s(?:ec)?)$/i.test(
    word,
  );

/** A number under this name is no metric: a time, a size, a hyper-parameter, a count of things. */
export function isNeverMetric(normalized: string): boolean {
  if (normalized === '' || NEVER_WHOLE.has(normalized)) return true;
  const parts = normalized.split('_');
  // `rank-1` is how often the first answer is right.
  if (!parts.some((part) => NEVER.has(part)) || /(?:^|_)rank_\d+$/.test(normalized)) return parts[0] === 'no';
  // `batch_loss` is one, `time` and `num_layers` are none; `num_steps` counts what a person asks after.
  if (parts.some((part) => STEMS.has(part) && !/^(?:rate|ratio|cost)$/.test(part))) return false;
  return !/^num_(?:steps|updates|timesteps)$|^train(?:ing)?_time$|_per_(?:s|sec|second)(?:_|$)|^(?:tok|tokens?|samples|images|imgs?|t?flops?|frames)_(?:per_)?(?:s|sec|second)(?:_|$)/.test(
    normalized,
  );
}

const SETTING = /(?:^|_)(?:coeff?s?|weights?|thr(?:es(?:h(?:old)?)?)?s?|goal)$|^(?:target|lambda|loss_fn)_/;

/** A number under this name in running text was chosen and not measured, even where a metric's name is part of it. */
export const isSetting = (normalized: string): boolean =>
  SETTING.test(normalized) && !/^cur(?:rent)?_/.test(normalized);

const CHOSEN =
  /(?:^|_)(?:alpha|beta\d?|gamma|lambda|lambd|prob|mult|multiplier|ratio|scale|factor|decay|rate|path|temperature|temp|tau|margin|lr|fraction|penalty|reg|sigma|strength|power|probability)$|^(?:learning_rate|min_\w+|max_\w+|num(?!_steps$)\w+|n_\w+|use_\w+|init_\w+)$/;
const RATES =
  /(?:^|_)(?:success|win|winning|error|acc|accept|acceptance|hit|hits|loss|reward|sharpe|compression|pass|detection|recall|rejection)_(?:rate|ratio)$/;

/** Printed alone in its line, a number under this name is a line of settings more likely than a measured value. */
export const isChosen = (normalized: string): boolean =>
  CHOSEN.test(normalized) &&
  !/^cur(?:rent)?_/.test(normalized) &&
  !RATES.test(normalized) &&
  !/loss$|acc$|accuracy$|reward$/.test(normalized);

const HYPER =
  /(?:^|_)(?:lr|learning_rate|batch_?size|bs|momentum|weight_decay|wd|epochs|max_steps|num_workers|workers|seed|dropout|optimizer|warmup|betas?|eps|gamma|hidden|layers?|heads?|dim|n_\w+|vocab_size|block_size|max_iters|arch|dataset)(?:_|$)/;

const SETTINGS_KEY =
  set(`batch_size batchsize train_batch_size eval_batch_size per_device_train_batch_size weight_decay momentum num_workers optimizer optim scheduler lr_scheduler
  dropout warmup warmup_steps warmup_ratio warmup_epochs hidden_size hidden_dim num_layers n_layers num_heads n_heads seed random_seed max_steps max_epochs num_epochs num_train_epochs epochs
  label_smoothing gradient_accumulation_steps grad_clip clip_grad_norm max_grad_norm max_seq_length block_size vocab_size d_model learning_rate_schedule adam_beta1 adam_epsilon betas
  log_interval save_interval eval_interval save_steps logging_steps eval_steps data_dir output_dir dataset_name model_name model_name_or_path`);

/** A key that stands in lists of settings and nowhere else. */
export const isSettingsKey = (normalized: string): boolean => SETTINGS_KEY.has(normalized);

/** Whether a list of names reads like a dump of settings and not like a record of training. */
export function isSettingsDump(names: readonly string[]): boolean {
  const normalized = names.map(normalizeName);
  const hyper = normalized.filter((name) => HYPER.test(name) && !/^(?:lr|learning_rate)$/.test(name)).length;
  if (hyper < 2) return false;
  const stems = normalized.filter(
    (name) =>
      /loss|acc|reward|score|error|ppl/.test(name) && !/loss_(?:fn|type|weight|scale)|smoothing/.test(name),
  );
  return stems.length === 0 || hyper > 3 * stems.length;
}

const SPLIT =
  /(?:^|[\s[(|*#>=:-])(val|valid|validation|validating|eval|evaluation|evaluating|test|testing|dev)(?=[\s\])|:,*]|$)/i;
const HAS_SPLIT = /(?:^|_)(?:train|training|val|valid|validation|eval|evaluation|test|testing|dev)\d*(?:_|$)/;

/** The data split that a line's opening words name, when it is not the training one: `val` or `test`. */
export function splitOf(opening: string): 'val' | 'test' | null {
  const word = SPLIT.exec(opening)?.[1]?.toLowerCase();
  if (word === undefined) return null;
  return word.startsWith('test') ? 'test' : 'val';
}

const SECTIONS =
  /(?:^|[\s([|*#>=:,;-])(train|training|val|valid|validation|eval|evaluation|test|testing|dev)(?=[\s\])|:,;*-]|$)/gi;
const OWN_SECTION = /^(train|training|val|valid|validation|eval|evaluation|test|testing|dev)[\s_/.]/i;

/** The split that a name itself says, or else the last one that the words before it name. */
export function sectionOf(before: string, name: string): 'train' | 'val' | 'test' | null {
  const word = (OWN_SECTION.exec(name) ?? [...before.matchAll(SECTIONS)].at(-1))?.[1]?.toLowerCase();
  if (word === undefined) return null;
  return word.startsWith('train') ? 'train' : word.startsWith('test') ? 'test' : 'val';
}

/** The name under which a series is kept: a bare `loss` of a validation line is `val/loss`, never the training loss. */
export function seriesName(name: string, split: string | null | undefined): string {
  return split === null || split === undefined || HAS_SPLIT.test(normalizeName(name))
    ? name
    : `${split}/${name}`;
}
