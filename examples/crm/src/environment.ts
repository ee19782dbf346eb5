/** What the variables of the environment say. Nothing else of this app reads them. */
export interface Environment {
  /** The address of the public site, such as `https://crm.example.com`. Tenants are at the names below its host. */
  readonly appUrl: string
  readonly port: number
  /** Absent: embedded PostgreSQL under `.partywall/`. */
  readonly database: string | undefined
  /** All other secrets are derived from it. */
  readonly secret: string
  readonly uploads: string
  /** Where mails are sent. Absent: to a server inside this process, whose mails are at `/mail`. */
  readonly smtpUrl: string | undefined
  readonly isProduction: boolean
  /** How many sign-ups one address of the internet may try in an hour. */
  readonly signUpsPerHour: number
  /** How many proxies are in front of this process. */
  readonly proxies: number
}

/** An error that the person who starts the app can fix. */
export class StartError extends Error {}

const secretOfTheDemo = 'a secret that everyone can read: for the demo only'

export function environmentOf(variables: NodeJS.ProcessEnv): Environment {
  const isProduction = variables['NODE_ENV'] === 'production'
  const port = wholeNumber(variables, 'PORT', 3400, 65_535)
  const appUrl = variables['APP_URL'] ?? `http://crm.localhost:${port}`
  if (!URL.canParse(appUrl) || new URL(appUrl).origin !== appUrl)
    throw new StartError(
      `APP_URL must be an address without a path, such as "https://crm.example.com"; it is ${JSON.stringify(appUrl)}.`,
    )
  const secret = variables['CRM_SECRET'] ?? (isProduction ? undefined : secretOfTheDemo)
  if (secret === undefined || secret.length < 32)
    throw new StartError('CRM_SECRET must have 32 characters or more. To make one:  openssl rand -base64 32')
  const smtpUrl = variables['SMTP_URL'] || undefined
  if (isProduction && smtpUrl === undefined)
    throw new StartError('SMTP_URL must name a mail server, such as "smtps://user:password@mail.example.com".')
  return {
    appUrl,
    port,
    database: variables['DATABASE_URL'] || undefined,
    secret,
    uploads: variables['UPLOADS'] ?? `${import.meta.dirname}/../uploads`,
    smtpUrl,
    isProduction,
    signUpsPerHour: wholeNumber(variables, 'SIGN_UPS_PER_HOUR', 20, 1_000_000),
    proxies: wholeNumber(variables, 'PROXIES', 0, 10),
  }
}

function wholeNumber(variables: NodeJS.ProcessEnv, name: string, otherwise: number, most: number): number {
  const text = variables[name] ?? String(otherwise)
  const number = Number(text)
  if (Number.isInteger(number) && number >= 0 && number <= most && text.trim() !== '') return number
  throw new StartError(`${name} must be a whole number from 0 to ${most}; it is ${JSON.stringify(text)}.`)
}

/** A secret for one purpose, so that what is signed for one is worth nothing for another. */
export function secretFor(purpose: string, { secret }: Pick<Environment, 'secret'>): string {
  return `${purpose}: ${secret}`
}
