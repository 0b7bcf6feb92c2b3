import { dottedName, isNode, lineAt, parseFile, type SyntaxNode, walk } from './syntax.js';
import { isTestCode, type Problem, type SourceFile } from './tree.js';

const fileLinesMax = 400;
const functionLinesMax = 70;

/** A rule of style that needs the syntax of a file. Returns what is wrong with a node, if anything. */
interface SyntaxRule {
  readonly appliesTo: (path: string) => boolean;
  readonly objection: (
    node: SyntaxNode,
    ancestors: readonly SyntaxNode[],
    text: string,
  ) => string | undefined;
}

const everywhere = () => true;

/** The command line and tools speak to a person; nothing else does, except through the log. */
const mayPrint = (path: string) => isTestCode(path) || /^(src\/cli|scripts|bin|bench)\//.test(path);

/** Beside the configuration, the part of the test kit that shuts the environment to the plugin under test. */
const mayReadEnvironment = (path: string) =>
  isTestCode(path) || path.startsWith('src/config/') || path === 'src/testkit/forbid.ts';

export const syntaxRules: Readonly<Record<string, SyntaxRule>> = {
  'functions stay below 70 lines': { appliesTo: everywhere, objection: longFunction },
  'no any': {
    appliesTo: everywhere,
    objection: (node) => (node.type === 'TSAnyKeyword' ? 'any: say what it is, or unknown' : undefined),
  },
  'no empty catch': { appliesTo: everywhere, objection: emptyCatch },
  'no console outside the command line': {
    appliesTo: (path) => !mayPrint(path),
    objection: (node) => (startsWith(node, 'console.') ? 'console: use the log' : undefined),
  },
  'no process.env outside src/config': {
    appliesTo: (path) => !mayReadEnvironment(path),
    objection: (node) => {
      const read = isReadOf(node, 'process', 'env') || importsEnvironment(node);
      return read ? 'process.env: take what you need from the Config' : undefined;
    },
  },
  'every test runs': { appliesTo: isTestCode, objection: testThatDoesNotRun },
  'no test that cannot fail': { appliesTo: isTestCode, objection: expectationOfConstant },
};

export function syntaxProblems(rule: SyntaxRule, file: SourceFile): Problem[] {
  if (!rule.appliesTo(file.path)) return [];
  const problems: Problem[] = [];
  walk(parseFile(file), (node, ancestors) => {
    const text = rule.objection(node, ancestors, file.text);
    if (text !== undefined) problems.push(`${file.path}:${lineAt(file.text, node.start)}: ${text}`);
  });
  return problems;
}

const functionTypes = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

function longFunction(node: SyntaxNode, ancestors: readonly SyntaxNode[], text: string): string | undefined {
  if (!functionTypes.has(node.type)) return undefined;
  // The body of a `describe` is a chapter of tests rather than a function: each test in it is measured.
  const parent = ancestors.at(-1);
  if (parent?.type === 'CallExpression' && calledName(parent) === 'describe') return undefined;
  const lines = lineAt(text, node.end) - lineAt(text, node.start) + 1;
  return lines < functionLinesMax
    ? undefined
    : `a function of ${lines} lines; the limit is ${functionLinesMax}`;
}

function emptyCatch(node: SyntaxNode): string | undefined {
  const clause = node.type === 'CatchClause' && isEmptyBlock(node.body);
  const handler = node.type === 'CallExpression' && isEmptyHandler(node);
  return clause || handler ? 'an empty catch: handle the error, or let it pass' : undefined;
}

/** `promise.catch(() => {})` */
function isEmptyHandler(call: SyntaxNode): boolean {
  const callee = call.callee as SyntaxNode;
  if (callee.type !== 'MemberExpression' || (callee.property as SyntaxNode).name !== 'catch') return false;
  const [handler] = call.arguments as SyntaxNode[];
  return handler !== undefined && functionTypes.has(handler.type) && isEmptyBlock(handler.body);
}

function isEmptyBlock(node: unknown): boolean {
  return isNode(node) && node.type === 'BlockStatement' && (node.body as unknown[]).length === 0;
}

function startsWith(node: SyntaxNode, prefix: string): boolean {
  return node.type === 'MemberExpression' && dottedName(node)?.startsWith(prefix) === true;
}

/** `process.env`, and `const { env } = process`. */
function isReadOf(node: SyntaxNode, object: string, property: string): boolean {
  if (node.type === 'MemberExpression') return dottedName(node) === `${object}.${property}`;
  if (node.type !== 'VariableDeclarator' || dottedName(node.init) !== object) return false;
  const pattern = node.id as SyntaxNode;
  const properties = pattern.type === 'ObjectPattern' ? (pattern.properties as SyntaxNode[]) : [];
  return properties.some((entry) => dottedName(entry.key) === property);
}

function importsEnvironment(node: SyntaxNode): boolean {
  if (node.type !== 'ImportDeclaration' || (node.source as SyntaxNode).value !== 'node:process') return false;
  return (node.specifiers as SyntaxNode[]).some((specifier) => dottedName(specifier.imported) === 'env');
}

function testThatDoesNotRun(node: SyntaxNode): string | undefined {
  const name = node.type === 'MemberExpression' ? dottedName(node) : undefined;
  const stopped = /^(it|test|describe|suite)(\.\w+)*\.(skip|only|todo|fails)$/.exec(name ?? '');
  return stopped === null ? undefined : `${name}: a test runs, or is not there`;
}

function expectationOfConstant(node: SyntaxNode): string | undefined {
  if (node.type !== 'CallExpression' || dottedName(node.callee) !== 'expect') return undefined;
  const [actual] = node.arguments as SyntaxNode[];
  return actual?.type === 'Literal' ? 'expect of a constant can never fail' : undefined;
}

/** `describe` for `describe(…)`, `describe.each(…)(…)` and `describe.skipIf(…)(…)`. */
function calledName(call: SyntaxNode): string | undefined {
  const callee = call.callee as SyntaxNode;
  if (callee.type === 'CallExpression') return calledName(callee);
  return dottedName(callee)?.split('.')[0];
}

export function longFile(file: SourceFile): Problem[] {
  const lines = file.text.split('\n').length - 1;
  return lines < fileLinesMax ? [] : [`${file.path}: ${lines} lines; the limit is ${fileLinesMax}`];
}

/** A rule about the words of a file, whatever language it is in. */
interface WordRule {
  readonly appliesTo: (path: string) => boolean;
  readonly pattern: RegExp;
  readonly objection: string;
}

/** Written so that this file does not break them. */
export const wordRules: Readonly<Record<string, WordRule>> = {
  'no unfinished work': {
    // A document may speak of such marks; in code they are meant.
    appliesTo: (path) => !path.endsWith('.md'),
    pattern: /\b(?:TO[D]O|FIX[M]E|X[X]X)\b/,
    objection: 'unfinished work: do it, or say in the documents that it is missing',
  },
  'no paths of one machine': {
    appliesTo: everywhere,
    pattern: /(?<![\w.:/~-])\/(?:work|root|Users|home)\/\w|[A-Za-z]:\\Users\\/,
    objection: 'a path of one machine',
  },
};

export function wordProblems(rule: WordRule, file: SourceFile): Problem[] {
  if (!rule.appliesTo(file.path)) return [];
  return file.text.split('\n').flatMap((line, index) => {
    const found = rule.pattern.exec(line);
    return found === null ? [] : [`${file.path}:${index + 1}: ${rule.objection} (${found[0]})`];
  });
}
