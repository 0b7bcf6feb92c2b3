import type { Config } from '../../config/index.js';
import { type Check, warn } from './check.js';

/**
 * Worth a line only while it is on: for the server that runs, or for one that is started from here.
 *
 * @param running what the running server says of itself, whose environment may be another one than ours.
 */
export function checkTestEndpoints(
  { allowTestEndpoints }: Pick<Config, 'allowTestEndpoints'>,
  running?: { readonly testEndpoints?: boolean | undefined },
): Check[] {
  if (!allowTestEndpoints && running?.testEndpoints !== true) return [];
  return [
    warn(
      'test endpoints',
      'ARCHWAY_ALLOW_TEST_ENDPOINTS=1: this machine itself may play a provider, also by plain http',
      'remove the variable and start the server again before real traffic comes',
    ),
  ];
}
