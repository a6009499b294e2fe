/** The library has no types of its own. */
declare module '@citation-js/core' {
  export class Cite {
    constructor(text: string);
    data: import('./project.js').Json;
  }
}
