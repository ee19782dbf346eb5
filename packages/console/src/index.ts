/** @partywall/console: the web console of a tenancy, mounted in the server of an application. */
export { adminsOf } from './accounts/admins-of.ts'
export { console } from './console.ts'
export type { AdminsOptions, CentralSignIn } from './accounts/admins-of.ts'
export type { Console, ConsoleHandler, ConsolePlugin } from './mount/console-type.ts'
export type { ConsoleOptions } from './options.ts'
export type { AnyTenancy, ConsoleParts, Operator, Role } from './parts.ts'
