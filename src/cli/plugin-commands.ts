import type { Command } from 'commander';
import type { Family } from './plugin-test.js';
import { action, addCommand, jsonOption, type Shell } from './shell.js';

/** `test` and `new` of `archway connector` and `archway sink`. They need no server; their code is loaded when they run. */
export function registerPluginCommands(family: Command, name: Family, shell: Shell): void {
  addCommand(family, 'test <plugin>', {
    summary: `put every rule of the test kit to a ${name} outside the tree, by its path or package name`,
    example: `archway ${name} test ./acme-${name}`,
    notes: `The folder has a testing.js that exports "subject"; see docs/spec/${name}.md. Ends with 6 when a rule is broken.`,
  })
    .addOption(jsonOption())
    .action(
      action(shell, async (context, reference: string) =>
        (await import('./plugin-test.js')).testPlugin(context, name, reference),
      ),
    );
  addCommand(family, 'new <name>', {
    summary: `lay out the folder of a new ${name} that passes the test kit, to be changed from there`,
    example: `archway ${name} new acme-${name}`,
    notes: 'The name becomes the id: lower-case letters, digits and single dashes. It must not exist yet.',
  })
    .option('--dir <folder>', 'where to make the folder (default: here)')
    .addOption(jsonOption())
    .action(
      action(shell, async (context, id: string, options: { dir?: string }) =>
        (await import('./plugin-new.js')).newPlugin(context, name, id, options),
      ),
    );
}
