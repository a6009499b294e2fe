import { WIRES } from '../support/model-wire-cases.js';
import { describeModel } from './provider-suite.js';

for (const wire of WIRES) describeModel(wire);
