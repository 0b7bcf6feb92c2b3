import type { Hono, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { problem } from '../problem.js';
import { requireApiKey } from './access.js';
import { addAccountRoutes } from './accounts.js';
import { addAlertRoutes } from './alerts.js';
import { addAttachmentRoutes } from './attachments.js';
import { addBackupRoutes } from './backups.js';
import { addCallRequestRoutes } from './call-requests.js';
import { addCallRoutes } from './calls.js';
import { addConnectorRoutes } from './connectors.js';
import { addConversationRoutes } from './conversations.js';
import { addDeadLetterRoutes } from './dead-letters.js';
import { addIdentityRoutes } from './identities.js';
import { addInstanceRoutes } from './instances.js';
import { addLinkRoutes } from './links.js';
import { addMessageRoutes } from './messages.js';
import { addOperationRoutes } from './operations.js';
import { type AdminApp, type AdminOptions, newAdminApp } from './options.js';
import { addOutboundRoutes } from './outbound.js';
import { addPeopleRoutes } from './people.js';
import { addPeopleImportRoutes, peopleImportMaxBytes, peopleImportPath } from './people-import.js';
import { problemFor } from './problems.js';
import { addQuarantineRoutes } from './quarantine.js';
import { addReconciliationRoutes } from './reconciliations.js';
import { addRecordRoutes } from './records.js';
import { addSinkRoutes } from './sinks.js';
import { addStatusRoutes } from './status.js';
import { addUploadRoutes, uploadPath } from './uploads.js';

export type { AdminOptions } from './options.js';

const bodyMaxBytes = 1024 * 1024;

const families = [
  addInstanceRoutes,
  addConnectorRoutes,
  addAccountRoutes,
  addLinkRoutes,
  addSinkRoutes,
  addPeopleRoutes,
  addIdentityRoutes,
  addPeopleImportRoutes,
  addConversationRoutes,
  addRecordRoutes,
  addReconciliationRoutes,
  addMessageRoutes,
  addOutboundRoutes,
  addCallRoutes,
  addCallRequestRoutes,
  addUploadRoutes,
  addAttachmentRoutes,
  addQuarantineRoutes,
  addDeadLetterRoutes,
  addAlertRoutes,
  addStatusRoutes,
  addBackupRoutes,
  addOperationRoutes,
];

/** The private listener's routes: the API under /v1, for those who hold a key, and what machines ask. */
export function createAdmin(options: AdminOptions): Hono {
  const app = newAdminApp();
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key, ak_…: scope `read` for GET, `admin` for everything.',
  });
  app.use('/v1/*', requireApiKey(options.database));
  app.use('/v1/*', limitBody());
  for (const addRoutes of families) addRoutes(app, options);
  refuseOtherMethods(app);
  app.notFound(({ req }) =>
    problem(404, `There is nothing at ${req.path}. The routes stand in /openapi.json.`),
  );
  app.onError((error) => problemFor(error, options.log));
  return app as unknown as Hono;
}

/** Files may be larger than what is asked otherwise. */
function limitBody(): MiddlewareHandler {
  const usual = limitTo(bodyMaxBytes);
  const large = limitTo(peopleImportMaxBytes);
  return (context, next) => {
    if (context.req.path === peopleImportPath) return large(context, next);
    // Files are streamed to the blob store, which counts them itself.
    return context.req.path === uploadPath ? next() : usual(context, next);
  };
}

function limitTo(maxSize: number): MiddlewareHandler {
  const onError = () => {
    const response = problem(413, `The body is larger than ${maxSize} bytes.`);
    // The rest of the body is not read, so the connection is of no further use.
    response.headers.set('Connection', 'close');
    return response;
  };
  return bodyLimit({ maxSize, onError });
}

/** A path that exists under another method is 405 and not 404. MUST come after all routes. */
function refuseOtherMethods(app: AdminApp): void {
  const methods = new Map<string, Set<string>>();
  for (const { path, method } of app.routes) {
    if (method !== 'ALL') methods.set(path, (methods.get(path) ?? new Set()).add(method));
  }
  for (const [path, known] of methods) {
    const allowed = [...known].join(', ');
    app.all(path, ({ req }) => {
      const response = problem(405, `${req.method} is not for this path; it takes ${allowed}.`);
      response.headers.set('Allow', allowed);
      return response;
    });
  }
}
