import type { IdleFigures, SessionFigures } from './measure.js';

/** Plain numbers under their names, as `--json` writes them. */
export function namedSessionFigures(figures: SessionFigures): Record<string, number> {
  const { accounts, telegramPerSecond, telegramIdle, whatsapp } = figures;
  return {
    idleAccounts: accounts,
    telegramPerSecond,
    ...idleFigures('telegram', telegramIdle),
    ...(whatsapp && {
      whatsappPerSecond: whatsapp.perSecond,
      ...idleFigures('whatsapp', whatsapp.idle),
    }),
  };
}

function idleFigures(name: string, { noneMb, oneMb, allMb, perAccountMb }: IdleFigures) {
  return {
    [`${name}IdleNoneMb`]: noneMb,
    [`${name}IdleOneMb`]: oneMb,
    [`${name}IdleAllMb`]: allMb,
    [`${name}IdleMbPerAccount`]: perAccountMb,
  };
}
