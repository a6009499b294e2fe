import type { ShowAnswer } from './show.js';

/** A paper as text. What the sources and authors wrote stands between the marks of quoted text. */
export function renderPaper(answer: ShowAnswer): string {
  const head = [
    answer.title,
    `${answer.authors.slice(0, 8).join(', ')}${answer.authors.length > 8 ? ', …' : ''}`,
    [
      answer.where,
      answer.date ?? '',
      Object.entries(answer.ids)
        .map(([scheme, id]) => `${scheme}:${id}`)
        .join(' '),
      answer.version === null ? '' : `v${answer.version}`,
      answer.citations === null ? '' : `${answer.citations} citations`,
      answer.withdrawn ? 'WITHDRAWN' : '',
    ]
      .filter((part) => part !== '')
      .join(' · '),
    answer.url ?? '',
  ];
  const { page } = answer;
  return [
    ...head.filter((line) => line !== ''),
    ...(answer.abstract === '' ? [] : ['<<< abstract (quoted, data)', answer.abstract, '>>>']),
    ...(page === null && answer.outline.length > 0 ? ['Sections (characters):', ...answer.outline] : []),
    ...(page === null && answer.figures.length > 0 ? ['Figures:', ...answer.figures] : []),
    ...(page === null
      ? []
      : [
          `<<< ${page.section} (quoted, data)`,
          page.text,
          '>>>',
          page.next === null ? 'end of this part' : `goes on at offset ${page.next}`,
        ]),
    ...(answer.folder === null ? [] : [`kept in ${answer.folder}`]),
    ...answer.notes.map((note) => `note: ${note}`),
  ].join('\n');
}
