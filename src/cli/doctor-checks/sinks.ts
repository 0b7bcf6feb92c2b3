import { tryToOpen } from '../../domain/sink-opening.js';
import type { ConfiguredSink } from '../../domain/sinks.js';
import { Failure } from '../../sdk/index.js';
import { type Check, fail, ok, warn } from './check.js';

const name = 'sinks';

/** What a running server says of a sink. */
interface SinkState {
  readonly name: string;
  readonly state: string;
  readonly trouble: { readonly message: string; readonly explanation: string } | null;
}

const noSinks = (where: string) =>
  warn(
    name,
    `${where} has no sink: records are kept, and archived nowhere`,
    'archway sink add filesystem --set directory=…',
  );

/** By the report of a running server. */
export function checkSinkStates(sinks: readonly SinkState[]): Check[] {
  if (sinks.length === 0) return [noSinks('this instance')];
  return sinks.map((sink) => {
    if (sink.state === 'paused')
      return warn(
        name,
        `${sink.name} is paused by an operator; records wait for it`,
        `archway sink resume ${sink.name}`,
      );
    return sink.trouble === null
      ? ok(name, `${sink.name} takes deliveries`)
      : fail(name, `${sink.name}: ${sink.trouble.message}`, sink.trouble.explanation);
  });
}

/** Records that every filter left out lie in the journal and in no archive, which nobody may have meant. */
export function checkUnmatched(unmatched: number): Check[] {
  if (unmatched === 0) return [];
  return [
    warn(
      name,
      `${unmatched} record(s) matched no sink: they stand in the journal and in no archive`,
      'see the filters in archway sink list, and widen one or add a sink without',
    ),
  ];
}

const troubleRemedy = 'mend that; deliveries wait meanwhile and then go on by themselves';

/** Opens each sink as the server would, which shows whether its target is there and can be written. */
export async function trySinks(instance: string, sinks: readonly ConfiguredSink[]): Promise<Check[]> {
  if (sinks.length === 0) return [noSinks(`instance ${instance}`)];
  return Promise.all(sinks.map((sink) => trySink(instance, sink)));
}

async function trySink(instance: string, { name: sinkName, type, settings }: ConfiguredSink): Promise<Check> {
  try {
    await tryToOpen({ type, settings });
    return ok(name, `${sinkName} (${type.id}) of ${instance} opens`);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return fail(name, `${sinkName} (${type.id}) of ${instance}: ${error.message}`, troubleRemedy);
  }
}
