import { type CliError, toProblem, toText } from './cli-error.js';
import { type Io, isTerminal, write } from './io.js';
import { type Column, printable, Table } from './table.js';

const clearLine = '\r\u001b[K';

/**
 * What a command prints: results on standard output (JSON for scripts, tables for people), everything else on standard
 * error. With `--json` standard output holds results only.
 */
export class Output {
  #progressShown = false;
  #closed = false;

  constructor(
    readonly io: Io,
    readonly json: boolean,
  ) {}

  /** Nobody reads any more: long output may end here. */
  get closed(): boolean {
    return this.#closed;
  }

  /** One JSON value on one line. */
  async value(value: unknown): Promise<void> {
    await this.#print(`${toJson(value)}\n`);
  }

  /** Each value on a line of its own. */
  async values(values: readonly unknown[]): Promise<void> {
    await this.#print(values.map((value) => `${toJson(value)}\n`).join(''));
  }

  /** Lines for people; every line is made safe to show. */
  async lines(...lines: string[]): Promise<void> {
    await this.#print(lines.map((line) => `${printable(line)}\n`).join(''));
  }

  /** A list: one JSON array, or a table with a sentence for when it is empty. */
  async list<Row>(rows: readonly Row[], columns: readonly Column<Row>[], whenEmpty: string): Promise<void> {
    if (this.json) return this.value(rows);
    if (rows.length === 0) return this.note(whenEmpty);
    await this.lines(...new Table(columns).lines(rows));
  }

  /** A remark beside the result. Left out with `--json`. */
  async note(text: string): Promise<void> {
    if (!this.json) await write(this.io.stderr, `${printable(text)}\n`);
  }

  /** How far long work has come: one line that is written over, and only where someone watches. */
  async progress(text: string): Promise<void> {
    if (!isTerminal(this.io.stderr)) return;
    this.#progressShown = true;
    await write(this.io.stderr, `${clearLine}${printable(text)}`);
  }

  async endProgress(): Promise<void> {
    if (!this.#progressShown) return;
    this.#progressShown = false;
    await write(this.io.stderr, clearLine);
  }

  async error(error: CliError): Promise<void> {
    await this.endProgress();
    const text = this.json ? toJson(toProblem(error)) : toText(error).split('\n').map(printable).join('\n');
    await write(this.io.stderr, `${text}\n`);
  }

  async #print(text: string): Promise<void> {
    if (this.#closed || text === '') return;
    this.#closed = !(await write(this.io.stdout, text));
  }
}

/** JSON that a terminal shows harmlessly: JSON.stringify leaves DEL and the C1 control characters as they are. */
function toJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\u009f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
