import { posix } from 'node:path';
import { isNode, lineAt, parseFile, type SyntaxNode, walk } from './syntax.js';
import type { SourceFile } from './tree.js';

/** One import, re-export or dynamic import of a file. */
export interface Import {
  /** As written. Undefined where it is computed at run time. */
  readonly specifier: string | undefined;
  /** Names brought in; empty for a bare or a dynamic import, `*` for a whole module. */
  readonly names: readonly string[];
  /** Leaves no trace in the compiled code. */
  readonly typeOnly: boolean;
  /** `import(…)`: loaded when it is reached, not when the file is. */
  readonly lazy: boolean;
  readonly line: number;
}

const importTypes = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
]);

export function importsOf(file: SourceFile): Import[] {
  const found: Import[] = [];
  walk(parseFile(file), (node) => {
    if (!importTypes.has(node.type) || !isNode(node.source)) return;
    const { value } = node.source;
    found.push({
      specifier: typeof value === 'string' ? value : undefined,
      names: namesOf(node),
      typeOnly: isTypeOnly(node),
      lazy: node.type === 'ImportExpression',
      line: lineAt(file.text, node.start),
    });
  });
  return found;
}

function specifiersOf(node: SyntaxNode): SyntaxNode[] {
  return Array.isArray(node.specifiers) ? node.specifiers.filter(isNode) : [];
}

function namesOf(node: SyntaxNode): string[] {
  return specifiersOf(node).map((specifier) => {
    const name = specifier.imported ?? specifier.local;
    return specifier.type === 'ImportNamespaceSpecifier' || !isNode(name) ? '*' : String(name.name);
  });
}

function isTypeOnly(node: SyntaxNode): boolean {
  if (node.type === 'TSImportType' || node.importKind === 'type' || node.exportKind === 'type') return true;
  const specifiers = specifiersOf(node);
  const kinds = specifiers.map((specifier) => specifier.importKind ?? specifier.exportKind);
  return specifiers.length > 0 && kinds.every((kind) => kind === 'type');
}

export function isRelative(specifier: string): boolean {
  return specifier.startsWith('./') || specifier.startsWith('../');
}

/** The source file that a relative import means: `./ids.js` in `src/core/x.ts` is `src/core/ids.ts`. */
export function targetOf(importer: string, specifier: string): string {
  const path = posix.join(posix.dirname(importer), specifier);
  return importer.endsWith('.ts') ? path.replace(/\.js$/, '.ts') : path;
}

/** `@hono/node-server/serve-static` is of the package `@hono/node-server`. */
export function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}
