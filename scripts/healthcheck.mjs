// Exits 0 when the gateway on this machine answers on its public listener, else 1 with the reason.
// Usage: node scripts/healthcheck.mjs PORT
const [port] = process.argv.slice(2);
try {
  const response = await fetch(`http://127.0.0.1:${port}/healthz`);
  if (!response.ok) throw new Error(`/healthz answered ${response.status}`);
} catch (error) {
  console.error(`The gateway is not healthy on port ${port}: ${error.cause?.message ?? error.message}`);
  process.exitCode = 1;
}
