/** A column for people: its heading, and the text of a row. */
export interface Column<Row> {
  readonly heading: string;
  value(row: Row): string | number | null | undefined;
}

const gap = '  ';
const segmenter = new Intl.Segmenter();

/** Control characters, line separators, and the marks that reorder what is shown. */
const unprintable = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Text from outside, safe to show: what a client wrote may hold escape sequences that would drive the terminal, or marks
 * that make the line read differently. `--json` keeps the text as it is, escaped.
 */
export function printable(text: string): string {
  return text.replaceAll(/\r\n|[\r\n\t]/g, ' ').replaceAll(unprintable, '\u{fffd}');
}

/** Lays rows out in columns, page by page: the columns keep their widths, and grow where a later page needs it. */
export class Table<Row> {
  readonly #columns: readonly Column<Row>[];
  readonly #widths: number[];
  #headed = false;

  constructor(columns: readonly Column<Row>[]) {
    this.#columns = columns;
    this.#widths = columns.map((column) => lengthOf(column.heading));
  }

  /** The lines of some rows, after the heading if it was not given yet. */
  lines(rows: readonly Row[]): string[] {
    const cells = rows.map((row) =>
      this.#columns.map((column) => printable(String(column.value(row) ?? ''))),
    );
    for (const row of cells) {
      row.forEach((cell, index) => {
        this.#widths[index] = Math.max(this.#widths[index] ?? 0, lengthOf(cell));
      });
    }
    const head = this.#headed ? [] : [this.#columns.map((column) => column.heading)];
    this.#headed = true;
    return [...head, ...cells].map((row) => this.#line(row));
  }

  #line(cells: readonly string[]): string {
    const padded = cells.map((cell, index) => cell + ' '.repeat((this.#widths[index] ?? 0) - lengthOf(cell)));
    return padded.join(gap).trimEnd();
  }
}

/** Characters as a reader counts them. */
function lengthOf(text: string): number {
  return [...segmenter.segment(text)].length;
}
