import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** One system call that a tracer saw. Times are seconds of the wall clock, so that traces of two processes can be compared. */
export interface SystemCall {
  readonly name: string;
  /** What stands between the parentheses, and the result. */
  readonly text: string;
  readonly begunAt: number;
  readonly endedAt: number;
}

/** Why system calls cannot be traced here; undefined when they can. */
export function whyNoTrace(): string | undefined {
  const tried = spawnSync('strace', ['-f', '-e', 'trace=write', 'true'], { encoding: 'utf8' });
  if (tried.error !== undefined) return 'strace is not installed';
  return tried.status === 0 ? undefined : `strace may not trace here: ${tried.stderr.trim().split('\n')[0]}`;
}

/** The command that runs another one under the tracer. `-yy` names files and the two ends of connections. */
export function tracer(outputFile: string): string[] {
  const calls = 'read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,fsync,fdatasync';
  return [
    'strace',
    '-f',
    '--seccomp-bpf',
    '-ttt',
    '-T',
    '-yy',
    '-s',
    '80',
    '-o',
    outputFile,
    '-e',
    `trace=${calls}`,
  ];
}

const linePattern = /^(\d+) +(\d+\.\d+) (.*)$/;
const durationPattern = / <(\d+\.\d+)>$/;

/** Reads what strace wrote, with the two halves of calls that were interrupted in the output joined again. */
export async function readTrace(file: string): Promise<SystemCall[]> {
  const calls: SystemCall[] = [];
  const unfinished = new Map<string, { at: number; text: string }>();
  for (const line of (await readFile(file, 'utf8')).split('\n')) {
    const [, thread, time, rest] = linePattern.exec(line) ?? [];
    if (thread === undefined || time === undefined || rest === undefined) continue;
    const at = Number(time);
    if (rest.endsWith('<unfinished ...>')) {
      unfinished.set(thread, { at, text: rest.slice(0, -'<unfinished ...>'.length) });
      continue;
    }
    const begun = rest.startsWith('<... ') ? unfinished.get(thread) : undefined;
    const durationSeconds = Number(durationPattern.exec(rest)?.[1] ?? 0);
    const whole = begun === undefined ? rest : begun.text + rest.replace(/^<\.\.\. \w+ resumed>/, '');
    const name = /^(\w+)\(/.exec(whole)?.[1];
    if (name === undefined) continue;
    const begunAt = begun?.at ?? at;
    calls.push({
      name,
      text: whole.slice(name.length),
      begunAt,
      endedAt: begun === undefined ? at + durationSeconds : at,
    });
  }
  return calls;
}

/** When a request had been read and when its reply began to be written. */
export interface Exchange {
  readonly readAt: number;
  readonly repliedAt: number;
}

/** The requests to a port that were answered 200, connection by connection. */
export function exchanges(calls: readonly SystemCall[], port: number): Exchange[] {
  const found: Exchange[] = [];
  const open = new Map<string, number>();
  for (const call of calls) {
    const connection = new RegExp(`^\\(\\d+<TCP:\\[([^\\]]*:${port}->[^\\]]*)\\]>`).exec(call.text)?.[1];
    if (connection === undefined) continue;
    if (/^(read|recv)/.test(call.name)) {
      // A request may come in several parts; the last one counts.
      if (!/= (0|-1)\b/.test(call.text)) open.set(connection, call.endedAt);
    } else if (call.text.includes('HTTP/1.1 200')) {
      const readAt = open.get(connection);
      if (readAt !== undefined) found.push({ readAt, repliedAt: call.begunAt });
    }
  }
  return found;
}

/** When files whose path matches had been forced to disk. */
export function syncsOf(calls: readonly SystemCall[], path: RegExp): number[] {
  return calls
    .filter(({ name, text }) => /^f(data)?sync$/.test(name) && path.test(text) && / = 0\b/.test(text))
    .map(({ endedAt }) => endedAt);
}

/** Exchanges that were answered without a sync of the log between the request and its reply. */
export function unsynced(all: readonly Exchange[], syncs: readonly number[]): Exchange[] {
  return all.filter(({ readAt, repliedAt }) => !syncs.some((at) => at >= readAt && at <= repliedAt));
}
