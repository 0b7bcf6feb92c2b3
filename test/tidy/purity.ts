import { type Import, importsOf, isRelative, targetOf } from './imports.js';
import { dottedName, isLabel, lineAt, parseFile, type SyntaxNode, walk } from './syntax.js';
import type { Problem, SourceFile } from './tree.js';

/** The steps of a connector that promise no I/O, no clock and no chance: they can be run again at any time. */
const pureSteps = /\/(parse|verify|reply)\.ts$/;

const pureModules = new Set([
  'node:assert',
  'node:buffer',
  'node:crypto',
  'node:path/posix',
  'node:querystring',
  'node:string_decoder',
  'node:url',
  'node:util',
]);

/** Of `node:crypto` and the like: what gives another answer each time. */
const chance = /^(random|generate|webcrypto$|getRandomValues$)/;

const impureGlobals = new Set([
  ...['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest', 'process', 'console', 'performance', 'crypto'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'globalThis', 'require'],
]);

const impureCalls = new Set(['Date.now', 'Math.random', 'Date']);

/**
 * What makes the pure steps of a connector impure, in their own files or in any file of the folder that they import.
 *
 * @param files all files of the connector's folder
 */
export function purityProblems(files: readonly SourceFile[]): Problem[] {
  return [
    ...reachedFrom(
      files.filter((file) => pureSteps.test(file.path)),
      files,
    ),
  ].flatMap((file) => [...importProblems(file), ...expressionProblems(file)]);
}

function reachedFrom(starts: readonly SourceFile[], files: readonly SourceFile[]): Set<SourceFile> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const reached = new Set<SourceFile>();
  const waiting = [...starts];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    for (const { specifier, typeOnly } of importsOf(file)) {
      if (specifier === undefined || typeOnly || !isRelative(specifier)) continue;
      const target = byPath.get(targetOf(file.path, specifier));
      if (target !== undefined) waiting.push(target);
    }
  }
  return reached;
}

function importProblems(file: SourceFile): Problem[] {
  return importsOf(file).flatMap((found) => {
    const objection = importObjection(found);
    return objection === undefined ? [] : [`${file.path}:${found.line}: ${objection}`];
  });
}

function importObjection({ specifier, names, typeOnly }: Import): string | undefined {
  if (specifier === undefined) return 'a pure step may not import what is computed at run time';
  if (typeOnly || !specifier.startsWith('node:')) return undefined;
  if (!pureModules.has(specifier)) return `a pure step may not use ${specifier}`;
  const random = names.find((name) => chance.test(name));
  return random === undefined ? undefined : `a pure step may not use ${random}`;
}

function expressionProblems(file: SourceFile): Problem[] {
  const problems: Problem[] = [];
  walk(parseFile(file), (node, ancestors) => {
    const used = impurity(node, ancestors.at(-1));
    if (used !== undefined) {
      problems.push(`${file.path}:${lineAt(file.text, node.start)}: a pure step may not use ${used}`);
    }
  });
  return problems;
}

function impurity(node: SyntaxNode, parent: SyntaxNode | undefined): string | undefined {
  if (node.type === 'NewExpression' && dottedName(node.callee) === 'Date') {
    return (node.arguments as unknown[]).length === 0 ? 'new Date() without a time' : undefined;
  }
  if (node.type === 'CallExpression') {
    const name = dottedName(node.callee);
    return name !== undefined && impureCalls.has(name) ? name : undefined;
  }
  if (node.type === 'MemberExpression') {
    const name = String((node.property as SyntaxNode).name);
    return node.computed !== true && /^random(Bytes|UUID|Int|FillSync|Fill)$/.test(name) ? name : undefined;
  }
  if (node.type !== 'Identifier' || isLabel(node, parent)) return undefined;
  return impureGlobals.has(node.name as string) ? (node.name as string) : undefined;
}
