import { leaveDirective } from '../../engine/loop/leave-directive.js';
import { type Command, UsageError } from '../command.js';
import { labOf } from './shared.js';

export const command: Command = {
  name: 'directive',
  summary: 'Leave an order for the loop; it is taken before anything else is planned.',
  usage: 'directive TEXT [--project DIR]',
  flags: {},
  json: false,
  project: true,
  words: 1,
  async run(console, args) {
    const [text] = args.words;
    if (text === undefined)
      throw new UsageError('what is the directive? usage: auto-experiment directive "stop"');
    const project = labOf(console, args).open();
    leaveDirective(project, text);
    console.out(`written to ${project.paths.directive}; it is shown in the status until it was acted on\n`);
    return 0;
  },
};
