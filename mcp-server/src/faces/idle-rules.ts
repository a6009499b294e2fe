import type { Check } from './check.js';

/** Where instances are ended or cancelled because their GPU is idle, how it is known, and what decides it there. */
const PLACES: readonly { name: string; variable: string; setting: string }[] = [
  {
    name: 'Google Colab',
    variable: 'COLAB_RELEASE_TAG',
    setting: 'a session ends when its notebook is idle or its hours are used up; no setting changes that',
  },
  {
    name: 'Kaggle',
    variable: 'KAGGLE_KERNEL_RUN_TYPE',
    setting:
      'an idle session ends, and so does the week’s share of GPU hours; "Save & Run All" goes on without you',
  },
  {
    name: 'SageMaker',
    variable: 'SAGEMAKER_APP_TYPE',
    setting: 'see "Idle shutdown" of the domain, the user profile or the space (IdleTimeoutInMinutes)',
  },
  {
    name: 'Azure Machine Learning',
    variable: 'AZUREML_WORKSPACE_ID',
    setting: 'see "Idle shutdown" of the compute instance (idle_time_before_shutdown)',
  },
  {
    name: 'Databricks',
    variable: 'DATABRICKS_RUNTIME_VERSION',
    setting: 'see "Terminate after … minutes of inactivity" of the cluster (autotermination_minutes)',
  },
  {
    name: 'Lightning',
    variable: 'LIGHTNING_CLOUD_SPACE_ID',
    setting: 'see "Auto-sleep" of the Studio',
  },
  {
    name: 'GitHub Codespaces',
    variable: 'CODESPACES',
    setting: 'see "Default idle timeout" in your GitHub settings',
  },
  {
    name: 'JupyterHub',
    variable: 'JUPYTERHUB_API_TOKEN',
    setting: 'the hub’s idle culler decides (cull_idle_servers); ask whoever runs the hub',
  },
  {
    name: 'Slurm',
    variable: 'SLURM_JOB_ID',
    setting: 'many sites cancel allocations whose GPU is idle; see the site’s own rules',
  },
];

const INSTEAD =
  'nothing here keeps a GPU busy for show, which costs others the GPU and often breaks the terms of use. Keep real work waiting instead: queue several runs (launch returns at once; experiment.max_parallel says how many run together), or let auto-experiment run fill the GPU; the next run starts within a second of the last one’s end. Where there is no work, let the instance end: the project folder tells all that is needed to go on';

/** Explains the rule of a place that reclaims idle instances, and what to do instead of working around it. */
export function idleRules(env: Readonly<Record<string, string | undefined>>): Check[] {
  return PLACES.filter(({ variable }) => (env[variable] ?? '') !== '').map(({ name, setting }) => ({
    name: 'idle rule',
    state: 'note',
    text: `${name} may take back what is idle: ${setting}`,
    hint: INSTEAD,
  }));
}
