import { posix } from 'node:path';
import type { Problem, SourceFile } from './tree.js';

/** What the tidy tests know of Markdown. */

interface Link {
  readonly target: string;
  readonly line: number;
}

/** Code is quoted, not meant: what stands between fences or backticks is no link and no heading. */
function withoutCode(text: string): string[] {
  let fenced = false;
  return text.split('\n').map((line) => {
    const fence = /^\s*(```|~~~)/.test(line);
    if (fence) fenced = !fenced;
    return fence || fenced ? '' : line;
  });
}

function linksOf(text: string): Link[] {
  return withoutCode(text).flatMap((line, index) => {
    const prose = line.replace(/`[^`]*`/g, '');
    const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g)];
    const references = [...prose.matchAll(/^\s*\[[^\]]+\]:\s*<?([^\s>]+)/g)];
    return [...inline, ...references].map((match) => ({ target: match[1] ?? '', line: index + 1 }));
  });
}

/** The anchors that GitHub gives to the headings of a document. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const line of withoutCode(text)) {
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-');
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count += 1) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

/** How links see the tree. */
export interface Tree {
  exists(path: string): boolean;
  readText(path: string): string;
}

/** Links into the project that lead nowhere. What has a scheme (`https:`) leads outside and is not looked at. */
export function linkProblems(file: SourceFile, tree: Tree): Problem[] {
  return linksOf(file.text).flatMap(({ target, line }) => {
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return [];
    const [path = '', anchor] = decodeURI(target).split('#');
    const inside = path.startsWith('/')
      ? path.slice(1)
      : posix.normalize(posix.join(posix.dirname(file.path), path));
    const document = path === '' ? file.path : inside;
    if (!tree.exists(document)) return [`${file.path}:${line}: ${target} does not exist`];
    if (anchor === undefined || anchor === '' || !document.endsWith('.md')) return [];
    const text = document === file.path ? file.text : tree.readText(document);
    return anchorsOf(text).has(anchor) ? [] : [`${file.path}:${line}: no heading for ${target}`];
  });
}

/** Names that no line of a document holds in backticks. */
export function undocumented(names: readonly string[], text: string): string[] {
  return names.filter((name) => !text.includes(`\`${name}\``));
}

/** Variables of Archway that a document names and that do not exist. */
export function unknownVariables(text: string, known: readonly string[]): string[] {
  const named = text.match(/\bARCHWAY_[A-Z_]*[A-Z]\b/g) ?? [];
  return [...new Set(named)].filter((name) => !known.includes(name));
}

/** What the folder of a connector or a sink lacks. */
export function missingFromPlugin(folder: string, exists: (path: string) => boolean): string[] {
  return ['index.ts', 'README.md', 'testing.ts'].filter((name) => !exists(`${folder}/${name}`));
}
