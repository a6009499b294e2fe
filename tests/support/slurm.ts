import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { kill, until } from './project.js';

/** A real cluster of two nodes with two pretended GPUs each, on this computer; its users find it by SLURM_CONF. */
export interface Slurm {
  folder: string;
  env: Record<string, string>;
  /** Runs a command of Slurm and gives what it printed. */
  ask(program: string, ...args: string[]): string;
  /** State of a job, as squeue tells it; empty when it is forgotten. */
  state(job: string): string;
  stopController(): Promise<void>;
  startController(): Promise<void>;
  /** Ends a node’s daemon and everything that it started, as a power cut does. */
  cutNode(node: 'n1' | 'n2'): Promise<void>;
  startNode(node: 'n1' | 'n2'): void;
  end(): Promise<void>;
}

/** `gpus`: pretended GPUs of each node. */
export async function startSlurm({ gpus = 2 }: { gpus?: number } = {}): Promise<Slurm> {
  const folder = mkdtempSync(join(tmpdir(), 'ae-slurm-'));
  chmodSync(folder, 0o755);
  for (const name of ['spool-n1', 'spool-n2', 'state', 'log', 'run', 'munge', 'dev'])
    mkdirSync(join(folder, name));
  const isRoot = process.getuid?.() === 0;
  const [ctld, n1, n2] = await freePorts(3);
  const socket = join(folder, 'munge', 'socket');
  const conf = join(folder, 'slurm.conf');
  const devices = Array.from({ length: gpus }, (_, index) => join(folder, 'dev', `nvidia${index}`));
  const hasDevices = devices.every((path) => spawnSync('mknod', [path, 'c', '1', '3']).status === 0);
  const host = hostname().split('.')[0];
  const node = (name: string, port?: number) =>
    `NodeName=${name} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${port} CPUs=${2 * gpus} RealMemory=8000 Gres=gpu:a100:${gpus} State=UNKNOWN`;
  writeFileSync(
    conf,
    `ClusterName=test
SlurmctldHost=${host}(127.0.0.1)
SlurmUser=${userInfo().username}
SlurmdUser=${userInfo().username}
AuthType=auth/munge
AuthInfo=socket=${socket}
CryptoType=crypto/munge
SlurmctldPort=${ctld}
SlurmctldPidFile=${folder}/run/slurmctld.pid
SlurmdPidFile=${folder}/run/slurmd-%n.pid
SlurmdSpoolDir=${folder}/spool-%n
StateSaveLocation=${folder}/state
SlurmctldLogFile=${folder}/log/slurmctld.log
SlurmdLogFile=${folder}/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
ReturnToService=2
SlurmdParameters=config_overrides
KillWait=2
DefMemPerCPU=200
MinJobAge=600
InactiveLimit=0
SlurmctldTimeout=30
SlurmdTimeout=10
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
GresTypes=gpu
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
${node('n1', n1)}
${node('n2', n2)}
PartitionName=gpu Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=hi Nodes=n1,n2 Default=NO MaxTime=01:00:00 State=UP PriorityTier=10
`,
  );
  writeFileSync(
    join(folder, 'gres.conf'),
    hasDevices
      ? `NodeName=n1,n2 Name=gpu Type=a100 File=${folder}/dev/nvidia[0-${gpus - 1}]\n`
      : `NodeName=n1,n2 Name=gpu Type=a100 Count=${gpus}\n`,
  );
  const env = { SLURM_CONF: conf };
  const all = { ...process.env, ...env };
  const ask = (program: string, ...args: string[]): string =>
    execFileSync(program, args, { env: all, encoding: 'utf8' }).trim();

  const key = join(folder, 'munge', 'key');
  execFileSync('dd', ['if=/dev/urandom', `of=${key}`, 'bs=1', 'count=1024', 'status=none']);
  chmodSync(key, 0o400);
  chmodSync(join(folder, 'munge'), 0o711);
  if (isRoot) execFileSync('chown', ['-R', 'munge:munge', join(folder, 'munge')]);
  const daemons = new Map<string, ChildProcess>();
  const run = (name: string, program: string, args: readonly string[]): void => {
    const log = openSync(join(folder, 'log', `${name}.out`), 'a');
    daemons.set(name, spawn(program, args, { env: all, stdio: ['ignore', log, log], detached: true }));
  };
  const munged = [
    ...['--foreground', '--force', `--key-file=${key}`, `--socket=${socket}`],
    ...['pid', 'log', 'seed'].map((name) => `--${name}-file=${join(folder, 'munge', name)}`),
  ];
  if (isRoot)
    run('munged', 'setpriv', [
      '--reuid=munge',
      '--regid=munge',
      '--clear-groups',
      '/usr/sbin/munged',
      ...munged,
    ]);
  else run('munged', '/usr/sbin/munged', munged);
  await until(() => spawnSync('munge', ['-n', '-S', socket]).status === 0);

  const startController = async (): Promise<void> => {
    run('slurmctld', '/usr/sbin/slurmctld', ['-D', '-f', conf]);
    await until(() => spawnSync('sinfo', [], { env: all }).status === 0);
  };
  const stopped = async (name: string): Promise<void> => {
    const child = daemons.get(name);
    if (child?.pid === undefined) return;
    kill(child.pid, name === 'slurmctld' ? 'SIGTERM' : 'SIGKILL');
    await until(() => child.exitCode !== null || child.signalCode !== null);
    daemons.delete(name);
  };
  const startNode = (name: 'n1' | 'n2'): void =>
    run(name, '/usr/sbin/slurmd', ['-D', '-N', name, '-f', conf]);
  await startController();
  for (const name of ['n1', 'n2'] as const) startNode(name);
  try {
    await until(() => (ask('sinfo', '-h', '-N', '-p', 'gpu', '-o', '%T').match(/idle/g) ?? []).length === 2);
  } catch (error) {
    throw new Error(
      `the cluster does not come up: ${readFileSync(join(folder, 'log/slurmctld.log'), 'utf8').slice(-2000)}`,
      { cause: error },
    );
  }

  return {
    folder,
    env,
    ask,
    state: (job) => {
      const { stdout } = spawnSync('squeue', ['-h', '-t', 'all', '-j', job, '-o', '%T'], {
        env: all,
        encoding: 'utf8',
      });
      return stdout.trim();
    },
    stopController: () => stopped('slurmctld'),
    startController,
    async cutNode(name) {
      await stopped(name);
      for (const pid of below(folder, name)) kill(pid);
    },
    startNode,
    async end() {
      for (const line of ask('squeue', '-h', '-t', 'PD,R,CG,S', '-o', '%i').split('\n').filter(Boolean))
        spawnSync('scancel', ['--full', '-s', 'KILL', line], { env: all });
      spawnSync('scancel', ['-u', userInfo().username], { env: all });
      await stopped('slurmctld');
      for (const name of ['n1', 'n2'] as const) {
        await stopped(name);
        for (const pid of below(folder, name)) kill(pid);
      }
      await stopped('munged');
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Processes that a node of this cluster started: its step daemons, and everything below them. */
function below(folder: string, node: string): number[] {
  const listed = execFileSync('ps', ['-e', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  const rows = listed.split('\n').flatMap((line) => {
    const [, pid, parent, args = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), args }];
  });
  const isStep = ({ pid, args }: { pid: number; args: string }): boolean => {
    if (!args.startsWith('slurmstepd')) return false;
    try {
      return (
        readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`${folder}/slurm.conf`) &&
        args !== '' &&
        onNode(pid, node)
      );
    } catch {
      return false;
    }
  };
  const found = rows.filter(isStep).map(({ pid }) => pid);
  for (let more = true; more; ) {
    const children = rows.filter(({ pid, parent }) => found.includes(parent) && !found.includes(pid));
    found.push(...children.map(({ pid }) => pid));
    more = children.length > 0;
  }
  return found;
}

/** A step daemon holds files of its node’s spool folder open. */
function onNode(pid: number, node: string): boolean {
  try {
    const { stdout } = spawnSync('ls', ['-l', `/proc/${pid}/fd`, `/proc/${pid}/cwd`], { encoding: 'utf8' });
    return stdout.includes(`slurmd-${node}.log`) || stdout.includes(`spool-${node}`);
  } catch {
    return false;
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  for (const server of servers) server.close();
  return ports;
}
