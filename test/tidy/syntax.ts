import { parseAst } from 'vitest/node';
import type { SourceFile } from './tree.js';

/** A node of the ESTree (with TypeScript's additions) that vitest's own parser gives. */
export interface SyntaxNode {
  readonly type: string;
  /** Offsets into the text. */
  readonly start: number;
  readonly end: number;
  readonly [property: string]: unknown;
}

/** Called for every node, parents first. `ancestors` ends with the parent. */
export type Visitor = (node: SyntaxNode, ancestors: readonly SyntaxNode[]) => void;

export function parseFile(file: SourceFile): SyntaxNode {
  const lang = /\.m?ts$/.test(file.path) ? 'ts' : 'js';
  return parseAst(file.text, { lang }, file.path) as unknown as SyntaxNode;
}

export function walk(node: SyntaxNode, visit: Visitor, ancestors: readonly SyntaxNode[] = []): void {
  visit(node, ancestors);
  const path = [...ancestors, node];
  for (const child of childrenOf(node)) walk(child, visit, path);
}

export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  return Object.values(node).flat().filter(isNode);
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as SyntaxNode).type === 'string';
}

/** 1-based. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** `Date.now`, `process.env.PORT`, `fetch`: the dotted name of an expression; undefined for any other expression. */
export function dottedName(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'Identifier') return node.name as string;
  if (node.type === 'ChainExpression') return dottedName(node.expression);
  if (node.type !== 'MemberExpression') return undefined;
  const object = dottedName(node.object);
  const property = propertyName(node);
  return object === undefined || property === undefined ? undefined : `${object}.${property}`;
}

function propertyName(member: SyntaxNode): string | undefined {
  const property = member.property as SyntaxNode;
  if (member.computed !== true) return property.name as string;
  return property.type === 'Literal' ? String(property.value) : undefined;
}

/** Whether an identifier is only a label (`{ fetch: … }`, `options.fetch`), so that nothing is read by it. */
export function isLabel(node: SyntaxNode, parent: SyntaxNode | undefined): boolean {
  if (parent === undefined) return false;
  if (parent.type === 'MemberExpression') return parent.property === node && parent.computed !== true;
  const labelled = ['Property', 'MethodDefinition', 'PropertyDefinition', 'TSPropertySignature'];
  return labelled.includes(parent.type) && parent.key === node && parent.shorthand !== true;
}
