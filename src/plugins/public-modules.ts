import * as nodeModule from 'node:module';

/**
 * Lets a plugin import `archway/sdk` wherever it lies, and gives it the running gateway's own copy: classes such as
 * `Failure` are then the same on both sides, and a plugin needs nothing installed beside it. A copy that a package brought
 * along as a dependency is passed over for the same reason.
 */
const publicModules: Readonly<Record<string, string>> = {
  'archway/sdk': new URL('../sdk/index.js', import.meta.url).href,
  'archway/testkit': new URL('../testkit/index.js', import.meta.url).href,
};

type Resolve = (
  specifier: string,
  context: unknown,
  next: (specifier: string, context: unknown) => unknown,
) => unknown;

/** Runs in the thread of the loader, which Node 20 keeps apart; so it is handed over as text. */
const loaderModule = `
let modules = {};
export function initialize(data) { modules = data; }
export function resolve(specifier, context, next) {
  const url = modules[specifier];
  return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
}`;

let offered = false;

/** From now on every import of a public module leads here. Once for each process. */
export function offerPublicModules(): void {
  if (offered) return;
  offered = true;
  // Node 22.15 and later, where `register` is on its way out.
  const { registerHooks } = nodeModule as { registerHooks?: (hooks: { resolve: Resolve }) => void };
  if (registerHooks === undefined) {
    const url = `data:text/javascript,${encodeURIComponent(loaderModule)}`;
    nodeModule.register(url, { data: publicModules });
    return;
  }
  registerHooks({
    resolve(specifier, context, next) {
      const url = publicModules[specifier];
      return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
    },
  });
}
