import { describe, expect, it } from 'vitest';
import { scriptedConnector } from '../../test/pipeline/support/connector.js';
import { scriptedSink } from '../../test/pipeline/support/sink.js';
import { loadPlugins } from './load.js';
import { createRegistry } from './registry.js';

describe('the registry', () => {
  it('knows its plugins by their ids and nothing else', () => {
    const [connector, { sink }] = [scriptedConnector(), scriptedSink()];
    const registry = createRegistry([connector], [sink]);
    expect(registry.connector('scripted')).toBe(connector);
    expect(registry.sink('scripted-sink')).toBe(sink);
    expect(registry.connector('scripted-sink')).toBeUndefined();
    expect(registry.sink('constructor')).toBeUndefined();
  });

  it('refuses two of one name', () => {
    const twice = [scriptedConnector(), scriptedConnector()];
    expect(() => createRegistry(twice, [])).toThrow(
      'Two connectors call themselves scripted; remove one of them.',
    );
    const sinks = [scriptedSink().sink, scriptedSink().sink];
    expect(() => createRegistry([], sinks)).toThrow('Two sinks call themselves scripted-sink');
  });

  it('finds the built-in plugins by their folders', async () => {
    const registry = await loadPlugins();
    expect(registry.connector('twilio-sms')?.title).toContain('Twilio');
    expect(registry.sink('filesystem')?.guarantees.inspectable).toBe(true);
  });
});
