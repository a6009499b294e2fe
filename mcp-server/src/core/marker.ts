/** The environment variable by which every process of a run is found again, whoever its parent is now. */
export const MARKER = 'AUTO_EXPERIMENT_RUN';
