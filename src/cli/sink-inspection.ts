import type { z } from 'zod';
import type { ApiClient } from './client.js';
import { exitCodes } from './exit-codes.js';
import { inspectionShape, sinkShape } from './shapes.js';
import type { Context } from './shell.js';

type Inspection = z.infer<typeof inspectionShape>;
type Finding = Inspection & { readonly sink: string };

/** What one run of `sink inspect` found; printed as it is with `--json`. */
interface Summary {
  intact: number;
  altered: number;
  missing: number;
  /** Everything that is not intact. */
  readonly findings: Finding[];
}

/** Small pages: each is read back from the archive before it is answered, and progress is shown between them. */
const pageSize = 100;

/** Inspects one sink, or every sink of the instance that can be inspected. */
export async function inspectSinks(context: Context, wanted: string | undefined): Promise<number> {
  const { output } = context;
  const client = await context.client();
  const summary: Summary = { intact: 0, altered: 0, missing: 0, findings: [] };
  for (const sink of await chooseSinks(context, client, wanted)) {
    await inspectOne(context, client, sink, summary);
  }
  await output.endProgress();
  if (output.json) await output.value(summary);
  else await printSummary(context, summary);
  return summary.findings.length === 0 ? exitCodes.fine : exitCodes.trouble;
}

/** Ids or names of the sinks to inspect. One that was asked for by name is left to the server to accept or refuse. */
async function chooseSinks(
  { output }: Context,
  client: ApiClient,
  wanted: string | undefined,
): Promise<string[]> {
  if (wanted !== undefined) return [wanted];
  const sinks = await client.all('/v1/sinks', sinkShape);
  for (const sink of sinks.filter((each) => !each.guarantees.inspectable)) {
    await output.note(`Sink ${sink.name} (${sink.type}) cannot be inspected and is left out.`);
  }
  return sinks.filter((sink) => sink.guarantees.inspectable).map((sink) => sink.id);
}

async function inspectOne(
  { output }: Context,
  client: ApiClient,
  sink: string,
  summary: Summary,
): Promise<void> {
  const path = `/v1/sinks/${encodeURIComponent(sink)}/inspect`;
  for await (const page of client.pages(path, inspectionShape, { method: 'POST', pageSize })) {
    for (const inspection of page) {
      summary[inspection.result] += 1;
      if (inspection.result !== 'intact') summary.findings.push({ sink, ...inspection });
    }
    const { intact, altered, missing } = summary;
    await output.progress(`inspected ${intact + altered + missing}: ${altered} altered, ${missing} missing`);
  }
}

async function printSummary({ output }: Context, summary: Summary): Promise<void> {
  const { intact, altered, missing, findings } = summary;
  for (const { result, locator, record, sink } of findings) {
    await output.lines(`${result}  ${locator}  (record ${record}, sink ${sink})`);
  }
  await output.lines(`${intact} intact, ${altered} altered, ${missing} missing`);
  if (findings.length > 0) {
    await output.note(
      'What is listed no longer matches its evidence. Keep the archive as it is and find out who changed it; the records ' +
        'themselves are still in the journal.',
    );
  }
}
