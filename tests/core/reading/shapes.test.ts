import { describe, expect, it } from 'vitest';
import { type ReadRecord, RecordBatch } from '../../../mcp-server/src/core/reading/batch.js';
import { LineSplitter } from '../../../mcp-server/src/core/reading/lines.js';
import { createMetricReader } from '../../../mcp-server/src/core/reading/reader.js';

function readAll(text: string): ReadRecord[] {
  const splitter = new LineSplitter();
  const reader = createMetricReader();
  const out = new RecordBatch();
  for (const line of [...splitter.push(new TextEncoder().encode(text)), ...splitter.end()])
    reader.readLine(line, out);
  return out.records();
}
const metrics = (text: string) => readAll(text).map((record) => record.metrics);
const only = (text: string) => metrics(text)[0];

describe('name and value', () => {
  it.each<[string, Record<string, number>]>([
    ['step 3000: train loss 4.5390, val loss 4.6427', { 'train loss': 4.539, 'val loss': 4.6427 }],
    [
      'Epoch [7/50], Train Loss: 0.0031, Train L1 Loss: 0.2104',
      { 'Train Loss': 0.0031, 'Train L1 Loss': 0.2104 },
    ],
    ['[val] epoch=2 val_loss=1.1262 val_acc=71.34%', { val_loss: 1.1262, val_acc: 71.34 }],
    ['Epoch 1 Batch 50 Loss 7.9234 Accuracy 0.0112', { Loss: 7.9234, Accuracy: 0.0112 }],
    [
      "[12]\tvalid_0's auc: 0.871\tvalid_0's binary_logloss: 0.41",
      { "valid_0's auc": 0.871, "valid_0's binary_logloss": 0.41 },
    ],
    ['[LightGBM] [Info] Iteration:4, valid_1 auc : 0.91', { 'valid_1 auc': 0.91 }],
    ['[3]\ttrain-rmse:59.26+0.86\ttest-rmse:65.79+2.30', { 'train-rmse': 59.26, 'test-rmse': 65.79 }],
    [
      '20:\tlearn: 0.5512304\ttest: 0.5921\tbest: 0.5901 (18)\ttotal: 58.5ms\tremaining: 1m 4s',
      { learn: 0.5512304, test: 0.5921, best: 0.5901 },
    ],
    [
      '| epoch 004 | loss 4.624 | ppl 24.65 | ups 4.2 | loss_scale 4.000',
      { loss: 4.624, ppl: 24.65, ups: 4.2, loss_scale: 4 },
    ],
    [
      ' iteration   12/  100 | lm loss: 1.144238E+01 | loss scale: 12.0 | grad norm: 6.593 | number of nan iterations:   0 |',
      { 'lm loss': 11.44238, 'loss scale': 12, 'grad norm': 6.593 },
    ],
    ['epoch: 0|step: 4|ppo_ep: 1|act_loss: 0.025|cri_loss: 0.22', { act_loss: 0.025, cri_loss: 0.22 }],
    ['2|25|Loss: 1.4532: 100%|████████| 25/25 [00:31<00:00,  1.26s/it]', { Loss: 1.4532 }],
    [
      'step    5/900 | loss 10.96 (+nanz)| norm 15.36 (+nanz)| lr 5.14e-06 | 284.46 ms | 45.1% bf16 MFU | 235930 tok/s',
      { loss: 10.96, norm: 15.36, lr: 5.14e-6, 'bf16 MFU': 45.1, 'tok/s': 235930 },
    ],
    [
      'step:1770/1770 val_loss:3.2788 train_time:175309ms step_avg:99.04ms',
      { val_loss: 3.2788, train_time: 175309, step_avg: 99.04 },
    ],
    ['===> Epoch 3 testing psnr = 31.22, ssim = 0.915, time: 12.31', { psnr: 31.22, ssim: 0.915 }],
    [
      'Epoch 2 | iter 10 step 5 | loss train: 1.234, val: n/a | iter time: 123.45 ms (step)',
      { 'loss train': 1.234 },
    ],
    [
      'step 00010/21400 (0.05%) | loss: 9.12 | dt: 123.45ms | tok/sec: 1,234,567 | total time: 0.12m',
      { loss: 9.12, 'tok/sec': 1234567 },
    ],
    ['Test set: Average loss: 0.0265, Accuracy: 9912/10000 (99%)', { 'Average loss': 0.0265, Accuracy: 99 }],
    [' * Acc@1 71.130 Acc@5 90.862', { 'Acc@1': 71.13, 'Acc@5': 90.862 }],
    ["loss=tensor(0.5123, device='cuda:0', grad_fn=<NllLossBackward0>)", { loss: 0.5123 }],
    [
      'step=10, skipped=6, lr=[9.64e-06, 9.64e-06], mom=[(0.9, 0.95), (0.9, 0.95)]',
      { skipped: 6, lr: 9.64e-6 },
    ],
    ['Iteration 4, inertia 1234.567.', { inertia: 1234.567 }],
    ['Final test accuracy is 93.1%', { 'Final test accuracy': 93.1 }],
    ['TRAIN loss 0.123 VAL loss 0.456', { 'TRAIN loss': 0.123, 'VAL loss': 0.456 }],
    ['  - PPO_v0_0:\tRUNNING, [2 CPUs, 0 GPUs], 15 s, 3 iter, 12000 ts, 75.6 rew', { rew: 75.6 }],
    ['val_bpb:          0.997900', { val_bpb: 0.9979 }],
    ['loss: -inf, acc: nan', { loss: Number.NEGATIVE_INFINITY, acc: Number.NaN }],
    ['损失: 0.25', { 损失: 0.25 }],
  ])('%s', (text, expected) => {
    expect(only(text)).toEqual(expected);
  });

  it('takes the running average of a meter besides its value', () => {
    expect(only('iter: 20  loss: 2.30 (3.10)  lr: 0.0034  max mem: 5678')).toEqual({
      loss: 2.3,
      'loss (avg)': 3.1,
      lr: 0.0034,
    });
    expect(only('Test: [ 0/48]  Acc@1:  0.0977 ( 0.1977)')).toEqual({
      'Acc@1': 0.0977,
      'Acc@1 (avg)': 0.1977,
    });
  });
});

describe('what is no metric', () => {
  it.each([
    '2024-01-01 10:00:00,123 INFO Loaded 12 files in 3.2s',
    'torch version: 2.1.0',
    'eta: 1 day, 2:03:04  time: 0.3322  data_time: 0.0334  max_mem: 3961M',
    'Namespace(lr=0.1, batch_size=32, loss_scale=2.0)',
    'cmd = python train.py --learning_rate 9.65e-6 --weight_decay 0. --seed 1234',
    'learning_rate=0.001, batch_size=32, num_epochs=10, momentum=0.9',
    "config: {'lr': 0.1, 'hidden_size': 768, 'loss_weight': 1.0}",
    'Resuming from checkpoints/epoch=3-step=40-val_loss=0.3330-v1.ckpt',
    'Downloading: 100%|████████| 570/570 [00:00<00:00, 1.2MB/s]',
    'wrote 12 / 100 samples',
    'EarlyStopping counter: 3 out of 7',
    '  Num examples = 5,749',
    'Trainable parameters: 1,234,567',
    'Using seed: 42',
    'OVERFLOW! Skipping step. Attempted loss scale: 65536, reducing to 32768',
    'val_loss did not improve from 0.20000',
    '[Rank 3] (after 1 iterations) memory (MB) | allocated: 15492.8 | max allocated: 15492.8',
    'GPU available: True (cuda), used: True',
    'Serving on http://127.0.0.1:8080/loss=1',
    'Time taken for 1 epoch: 123.45 secs',
  ])('%s', (text) => {
    expect(metrics(text)).toEqual([]);
  });
});

describe('objects', () => {
  it.each<[string, Record<string, number>]>([
    [
      "{'loss': 1.6531, 'grad_norm': 0.5, 'learning_rate': 1.39e-05, 'epoch': 0.38}",
      { loss: 1.6531, grad_norm: 0.5, learning_rate: 1.39e-5 },
    ],
    ["{'loss': '0.4012', 'epoch': '1.0'}", { loss: 0.4012 }],
    [
      '{"epoch": 3, "train_loss": NaN, "test_acc1": 78.2, "n_parameters": 5717416}',
      { train_loss: Number.NaN, test_acc1: 78.2 },
    ],
    ["  1%|▏   | 10/1000 [00:10<12:34,  1.31it/s]{'loss': 1.65, 'epoch': 0.01}", { loss: 1.65 }],
    ['json_stats: {"eta": "0:21:51", "iter": 55080, "loss": 0.0244, "mem": 3084}', { loss: 0.0244 }],
    [
      ':::MLL 1561426944.031 eval_accuracy: {"value": "20.29", "metadata": {"epoch_num": 1, "lineno": 211}}',
      { eval_accuracy: 20.29 },
    ],
    [
      "{'train': {'loss': 0.5}, 'val': {'acc': tensor(0.9, device='cuda:0')}}",
      { 'train/loss': 0.5, 'val/acc': 0.9 },
    ],
    [
      "results: OrderedDict([('bbox', OrderedDict([('AP', 0.37), ('AP50', 0.59)]))])",
      { 'bbox/AP': 0.37, 'bbox/AP50': 0.59 },
    ],
    ["[default0]:{'loss': np.float64(0.4), 'step': 12}", { loss: 0.4 }],
  ])('%s', (text, expected) => {
    expect(only(text)).toEqual(expected);
  });

  it('takes step and epoch from the object', () => {
    expect(readAll('{"iter": 10, "global_step": 40, "epoch": 2, "loss": 0.1}')[0]).toMatchObject({
      step: 40,
      epoch: 2,
    });
  });
});

describe('tables and boxes', () => {
  it('reads rows under a header, with a bar behind them, and only the line over all classes', () => {
    const text = [
      '      Epoch    GPU_mem   box_loss   dfl_loss  Instances       Size',
      '    70/1000      6.73G      1.081      1.084         10        640: 100%|████████| 16/16 [00:05<00:00,  2.78it/s]',
      '                 Class     Images  Instances      Box(P          R      mAP50  mAP50-95): 100%|████| 8/8 [00:03<00:00]',
      '                   all        722       1444      0.989       0.99      0.993      0.681',
      '                person        128        254      0.767      0.702       0.78       0.55',
    ].join('\n');
    expect(readAll(text)).toMatchObject([
      { line: 2, epoch: 70, metrics: { box_loss: 1.081, dfl_loss: 1.084 } },
      { line: 4, metrics: { P: 0.989, R: 0.99, mAP50: 0.993, 'mAP50-95': 0.681 } },
    ]);
  });

  it.each<[string, Record<string, number>[]]>([
    [
      'epoch     train_loss  valid_loss  accuracy  time    \n0         0.812345    0.512345    0.812    00:12     ',
      [{ train_loss: 0.812345, valid_loss: 0.512345, accuracy: 0.812 }],
    ],
    [
      '      Iter       Train Loss      OOB Improve   Remaining Time \n         1           1.2345           0.0512            0.12s',
      [{ 'Train Loss': 1.2345, 'OOB Improve': 0.0512 }],
    ],
    [
      '| Epoch | Train Loss | Val Acc |\n|-------|------------|---------|\n| 2/100 | 4.01       | 12.1%   |',
      [{ 'Train Loss': 4.01, 'Val Acc': 12.1 }],
    ],
    [
      'epoch,train_loss,val_acc\n1,0.51,0.91\n2,0.41,0.93',
      [
        { train_loss: 0.51, val_acc: 0.91 },
        { train_loss: 0.41, val_acc: 0.93 },
      ],
    ],
    [
      '              precision    recall  f1-score   support\n\n           0       0.97      0.98      0.98        88\n   macro avg       0.95      0.96      0.96       540',
      [{ 'macro avg/precision': 0.95, 'macro avg/recall': 0.96, 'macro avg/f1-score': 0.96 }],
    ],
    [
      '+------+--------+\n| Trial name  | status   | iter |    ts |   reward |\n|------+--------|\n| PPO_x_00000 | RUNNING  |    1 |  4000 |  22.3 |',
      [{ ts: 4000, reward: 22.3 }],
    ],
    [
      '| rollout/           |          |\n|    ep_rew_mean     | 1.8      |\n| eval/   |   |\n|    mean_reward     | 2.5      |',
      [{ ep_rew_mean: 1.8 }, { 'eval/mean_reward': 2.5 }],
    ],
    ['│        test_acc           │    0.9805999994277954     │', [{ test_acc: 0.9805999994277954 }]],
    [
      'wandb: Run summary:\nwandb:          val loss 0.00745\nwandb:            my_own 3\nwandb: \nwandb: my_own 4',
      [{ 'val loss': 0.00745 }, { my_own: 3 }],
    ],
    [
      ' Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.705\n Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets=100 ] = 0.823\n Average Recall     (AR) @[ IoU=0.50:0.95 | area= small | maxDets=100 ] = 0.300',
      [{ AP: 0.705 }, { AP50: 0.823 }, { ARs: 0.3 }],
    ],
  ])('%s', (text, expected) => {
    expect(metrics(text)).toEqual(expected);
  });

  it('does not take a sentence for a header', () => {
    expect(metrics('Epoch finished with the best loss of all\n1 2 3 4 5 6 7 8 9')).toEqual([]);
  });
});

describe('lines that depend on others', () => {
  it('gives the epoch that was announced to the lines after it, until a line has its own', () => {
    const text =
      'Epoch 3/10\n100/100 [=====] - 21s - loss: 0.24 - val_acc: 0.9\nEpoch 4/10\n1/100 - loss: 0.2\nEpoch [9], loss: 0.1\nloss: 0.3';
    expect(readAll(text).map((record) => [record.line, record.epoch])).toEqual([
      [2, 3],
      [4, 4],
      [5, 9],
      [6, null],
    ]);
  });

  it('reads each segment of a bar, under one line number', () => {
    const text =
      '\rEpoch 1/5:  50%|█████     | 1/2 [00:00<00:01, loss=2.31]\rEpoch 1/5: 100%|██████████| 2/2 [00:00<00:00, loss=1.49]\n[val] epoch=1 val_acc=78.3%';
    expect(readAll(text)).toMatchObject([
      { line: 1, epoch: 1, metrics: { loss: 2.31 } },
      { line: 1, epoch: 1, metrics: { loss: 1.49 } },
      { line: 2, epoch: 1, metrics: { val_acc: 78.3 } },
    ]);
  });

  it('lets METRIC lines have the last word on a name', () => {
    const text = 'val_acc: 0.5\nMETRIC val_acc=0.91 "best f1"=8e-1 step=3\nval_acc: 0.1, loss: 0.2';
    expect(readAll(text)).toMatchObject([
      { metrics: { val_acc: 0.5 } },
      { step: 3, metrics: { val_acc: 0.91, 'best f1': 0.8 } },
      { metrics: { loss: 0.2 } },
    ]);
    expect(metrics('METRIC val_acc=0.91\nval_acc: 0.1')).toEqual([{ val_acc: 0.91 }]);
  });

  it.each<[string, Record<string, number>, number | null]>([
    [
      "Epoch 4, global step 51: 'val_loss' reached 0.14265 (best 0.14265), saving model to 'c/epoch=4-val_loss=0.1426-v1.ckpt'",
      { val_loss: 0.14265 },
      4,
    ],
    [
      'Epoch 2: val_loss improved from 0.61000 to 0.55000, saving model to model.keras',
      { val_loss: 0.55 },
      2,
    ],
    ['Validation loss decreased (0.523 --> 0.412).  Saving model ...', { 'Validation loss': 0.412 }, null],
    [
      'INFO - The best checkpoint with 0.6050 coco/bbox_mAP at 40 epoch is saved to best_coco_bbox_mAP_epoch_40.pth.',
      { 'coco/bbox_mAP': 0.605 },
      40,
    ],
  ])('%s', (text, expected, epoch) => {
    expect(readAll(text)).toMatchObject([{ metrics: expected, epoch }]);
    expect(only(text)).toEqual(expected);
  });
});

describe('step and epoch', () => {
  it('are never infinite or no number', () => {
    for (const text of ['{"iter": 1e999, "epoch": NaN, "loss": 0.5}', '| total_timesteps | 1e999 |'])
      expect(readAll(`${text}\n${text}`)).toMatchObject([
        { step: null, epoch: null },
        { step: null, epoch: null },
      ]);
  });

  it.each<[string, number | null, number | null]>([
    ['| epoch 002:   1000 / 1637 loss=4.688, num_updates=2632', 2632, 2],
    ['Epoch(train) [40][5/6]  loss: 0.6', null, 40],
    ['0: TRAIN [3][0/3880]\tLoss/tok 10.6', null, 3],
    ['Train: 7 [   0/1251 (  0%)]  Loss:  6.94', null, 7],
    ['global step 10, epoch: 1, batch: 5, loss: 0.5', 10, 1],
    ['tick 1401  kimg 5738.6   time 1d 06h 06m   sec/tick 71.0', 1401, null],
    ['I1022 10:00:00.123 1404 logging_writer.py:48] [100] train_loss=6.7', 100, null],
    ['eval in epoch: 1, loss: 2.2', null, 1],
    ['12 | loss 10.2 | lr 5.0e-06', 12, null],
    ['Episode: 12, total reward: 130.0', 12, null],
  ])('%s', (text, step, epoch) => {
    expect(readAll(text)[0]).toMatchObject({ step, epoch });
  });
});
