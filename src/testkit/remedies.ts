/** What an author does about a broken rule, by the id of the rule. */
export const remedies: Readonly<Record<string, string>> = {
  'connector/identifiers-well-formed':
    'Correct "id", the names in "webhooks", or the text that is empty, in the connector’s declaration.',
  'connector/declared-kinds-tested':
    'Add a fixture for each kind in capabilities.events, or take the kind out of that list.',
  'connector/endpoints-tested':
    'Add a fixture whose endpoint is the one named above, under a name of its own.',
  'connector/blind-spots-declared':
    'Write in capabilities.blindSpots, in whole sentences, what this connector can never see.',
  'connector/own-addresses-canonical':
    'Make ownAddresses return E.164 numbers (or lower-case addresses), each once, from the settings alone.',
  'connector/signed-accepted':
    'Compare "sign" in testing.js with "verify": both must cover the same bytes in the same order with the same secret.',
  'connector/missing-signature-refused':
    'In verify, return { ok: false, reason: "missing_signature" } when the header is not there.',
  'connector/forged-signature-refused':
    'In verify, compute the signature with the secret of the settings and compare it with timingSafeEqual.',
  'connector/no-secret-refused': 'In verify, refuse when the secret of the settings is empty or missing.',
  'connector/changed-body-refused':
    'Let the signature cover the body. If the provider’s does not, set signatureCovers in testing.js and say so in the README.',
  'connector/changed-url-refused':
    'Let the signature cover capture.url. If the provider’s does not, set signatureCovers in testing.js and say so in the README.',
  'connector/changed-header-refused':
    'Compare the whole header, and its length first; an empty one is a missing signature.',
  'connector/verify-is-total':
    'Return a verdict for every input: check lengths and forms before you use them.',
  'connector/verify-is-pure': 'Use capture and settings alone; the time is capture.receivedAt.',
  'connector/parse-equals-golden':
    'Correct parse, or the "expected" of the fixture if that is what is wrong.',
  'connector/events-fit-schema': 'Give the event the members that docs/spec/record.md lists for its kind.',
  'connector/parse-is-pure':
    'Use capture and given alone, and change neither: no clock, no randomness, no file, no network.',
  'connector/parse-is-total':
    'Read the body by a schema with safeParse, with limits on lengths, and return "unsupported" for the rest.',
  'connector/unknown-is-unsupported':
    'Return "unsupported" for what you do not know; "ignored" is for a ping that you recognise.',
  'connector/keys-unique-in-capture':
    'Make the key of the provider’s id and the kind: two events must not share one.',
  'connector/redelivery-gives-equal-events':
    'Take receivedAt, and whatever changes with each delivery, out of events and keys.',
  'connector/rebatching-gives-equal-events':
    'Take positions and whatever belongs to the batch out of events and keys.',
  'connector/reply-is-pure': 'Make the reply from capture and settings alone.',
  'connector/reply-is-success': 'Reply with a status from 200 to 299, also to what you cannot read.',
  'connector/secrets-marked':
    'Make that setting with secret(), or give it a name that does not promise a secret.',
  'connector/no-secret-handed-out': 'Leave the secret out of every reason, error, reply and event.',
  'connector/settings-errors-hide-secrets':
    'Leave the value out of the message of your own checks in the schema.',
  'connector/listing-declared':
    'Declare listedDays and make reconcile, or leave out both; gaps is "recoverable" only with them.',
  'connector/listed-gives-webhook-keys':
    'Make the key of a listed message in the same function as that of its webhook.',
  'connector/outbound-declared':
    'Declare capabilities.outbound and make route and send, or leave out all three; give the subject an "outbound".',
  'connector/route-is-pure': 'Make the route from request and settings alone.',
  'connector/route-refuses-with-reason':
    'Read the recipient by a pattern, and return { ok: false, reason } with what a person should type instead.',
  'connector/route-agrees-with-parse':
    'Make addresses and conversation in the same functions as parse; set recipientOf in testing.js where people type something else.',
  'connector/send-asks-once':
    'Switch the retries of the provider’s library off, follow no redirect, and look at signal before the request.',
  'connector/send-says-what-was-asked':
    'Send text and recipient as they are, encoded as the provider wants it, and return its id as providerId.',
  'connector/send-names-its-failures':
    'Throw a Failure: "unavailable" only while nothing can have left, "indeterminate" for every end that is not an answer.',
  'connector/send-hides-secrets':
    'Give credentials in headers, and write failure messages without what the provider says of the message.',
  'connector/calls-declared':
    'Declare capabilities.calls and make routeCall and call, or leave out all three; give the subject "calls", and recordsCalls to what has recordings.',
  'connector/route-call-is-pure': 'Make the route, and whether calls are recorded, from the arguments alone.',
  'connector/route-call-refuses-with-reason':
    'Read both numbers by a pattern, and return { ok: false, reason } with what a person should type instead.',
  'connector/route-call-agrees-with-parse': 'Make addresses and conversation in the same functions as parse.',
  'connector/recordings-belong-to-legs':
    'Make about of a recording and about of a call’s events by the same function, and give the attachment with the status completed.',
  'connector/call-asks-once':
    'Switch the retries of the provider’s library off, follow no redirect, and look at signal before the request.',
  'connector/call-says-what-was-asked':
    'Ring the number in ring, then call the one in to, as they are, and return the provider’s id of the first leg as providerId.',
  'connector/call-names-its-failures':
    'Throw a Failure: "unavailable" only while nothing can have left, "indeterminate" for every end that is not an answer.',
  'connector/call-hides-secrets':
    'Give credentials in headers, and write failure messages without what the provider says of the call.',
  'sink/attachment-bytes-kept': 'Keep the bytes of an attachment as they are read, to their end.',
  'sink/wrong-attachment-bytes-refused':
    'Compute length and SHA-256 while you read, and throw a Failure before anything is in its place when they differ.',
  'sink/broken-settings-refused':
    'Make the schema with z.strictObject, and let open throw new Failure("config", …) when the place cannot be used.',
  'sink/identifiers-well-formed': 'Correct the id or the title, and make credentials with secret().',
  'sink/failures-hide-content':
    'Write failure messages without the key, the envelope, and the text of errors that may repeat them.',
  'sink/misshapen-is-one-failure':
    'Name objects by a digest of the idempotency key, and give one outcome for each delivery, whatever is in it.',
  'sink/bytes-read-back-equal': 'Keep delivery.bytes as they are, never the envelope written anew.',
  'sink/evidence-is-true':
    'Give a locator of its own to each object, the SHA-256 of the bytes as kept, and context.now() as storedAt.',
  'sink/same-key-is-one-object':
    'Derive the place from the idempotency key, and give evidence again for what is there with equal bytes.',
  'sink/same-key-sixteen-at-once':
    'Create the object in one step that fails where it is there (link, "wx", If-None-Match), not look and then write.',
  'sink/sixteen-at-once': 'Keep no state that two calls of deliver share; use temporary names of their own.',
  'sink/never-overwrites':
    'Where other bytes are kept under the key, leave them and return a Failure of kind "rejected".',
  'sink/disposed-in-mid-delivery':
    'After disposal began, answer what is left with a Failure of kind "unavailable"; give evidence for nothing half-written.',
  'sink/aborted-in-mid-delivery':
    'Look at signal.aborted before each envelope, and answer the rest with a Failure of kind "unavailable".',
  'sink/disposal-waits':
    'Remember the calls under way; let disposal wait for them, and refuse those that come later.',
  'sink/aborted-beforehand': 'Look at signal.aborted before the first write.',
  'sink/order-kept-when-stopped':
    'After a failure that is not "rejected", answer the rest of the batch with it.',
  'sink/inspection-is-claimed':
    'Set guarantees.inspectable to whether inspect is there, and let inspect work by the evidence alone.',
  'sink/tampering-detected':
    'In inspect, read the bytes back and compare their SHA-256 with evidence.sha256.',
  'sink/removal-detected': 'In inspect, return "missing" when nothing is at evidence.locator.',
  'sink/immutability-tried':
    'Claim guarantees.immutable only where the store itself refuses change and removal.',
};

export const subjectRemedy =
  'The subject failed before the rule could be judged: correct testing.js where the stack points to.';

/** What to do about a broken rule; a rule without words of its own is its own advice. */
export function remedyFor(rule: { readonly id: string; readonly title: string }): string {
  return remedies[rule.id] ?? `Do what the rule says: ${rule.title}`;
}
