import { XMLParser } from 'fast-xml-parser';
import { errorText } from '../../core/errors.js';
import { SourceError } from '../../core/paper/source.js';
import { clip, oneLine } from '../../core/text.js';

export type Node = Record<string, unknown>;

const MANY = new Set(['entry', 'item', 'author', 'category', 'link', 'record', 'version', 'setSpec']);

/**
 * A document as plain objects: prefixes dropped, values as text (an id such as 2510.10 is no number), repeated elements
 * always as lists. Entities stay as they are for `cleanText`; a document type, which could define its own, is refused.
 */
export function parseXml(text: string, source: string): Node {
  if (/<!DOCTYPE|<!ENTITY/i.test(text.slice(0, 5000)))
    throw notXml(source, /<html/i.test(text.slice(0, 5000)) ? 'an HTML page came' : 'it defines entities');
  if (!/^\s*(?:<\?xml|<\w)/.test(text))
    throw notXml(source, clip(oneLine(text.slice(0, 300)), 120) || 'nothing came');
  try {
    const parser = new XMLParser({
      ignoreAttributes: false,
      attributeNamePrefix: '@',
      removeNSPrefix: true,
      parseTagValue: false,
      parseAttributeValue: false,
      processEntities: false,
      isArray: (name) => MANY.has(name),
    });
    return record(parser.parse(text, true));
  } catch (error) {
    throw notXml(source, errorText(error), error);
  }
}

function notXml(source: string, why: string, cause?: unknown): SourceError {
  return new SourceError('malformed', `${source} did not answer with its XML: ${why}`, 'try again later', {
    cause,
  });
}

export const record = (value: unknown): Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};

export const list = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === undefined || value === '' ? [] : [value];

/** Text of an element, with attributes or without; '' when absent. */
export function textIn(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return textIn(value[0]);
  const inner = record(value)['#text'];
  return typeof inner === 'string' ? inner : '';
}
