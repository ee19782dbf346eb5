/** What can be seen of an application without sending it a request. */

export interface SeenRoute {
  readonly method: string
  /** With `…` in front, where the framework does not keep the path at which a router is mounted. */
  readonly path: string
  /** A middleware of partywall runs before it. */
  readonly isInScope: boolean
  /** It stands behind the error handler of partywall, which does not get its errors. */
  readonly isBehindErrors?: boolean
}

/** What a framework shows. */
export interface SeenApp {
  readonly framework: string
  readonly routes: readonly SeenRoute[]
  /** How many marked middlewares there are. */
  readonly scopes: number
  /** Parts that could not be looked into, for a sentence. */
  readonly hidden: readonly string[]
}

export interface SeenCookie {
  /** The package whose option it is. */
  readonly package: string
  /** undefined: the cookie stays on its host. */
  readonly domain: string | undefined
  /** A function of the application decides for each request. */
  readonly isHidden: boolean
}

/** A folder that a middleware stores to or serves. */
export interface SeenFolder {
  readonly package: string
  readonly folder: string
  readonly does: 'stores' | 'serves'
}

export interface AppFacts {
  /** The module as it was named. */
  readonly name: string
  /** Why there is no application to look at; undefined where there is. */
  readonly failure: string | undefined
  readonly seen: SeenApp | undefined
  readonly cookies: readonly SeenCookie[]
  readonly folders: readonly SeenFolder[]
  /** Where the module started to listen while it was imported; they were given a free port of this machine instead. */
  readonly listening: readonly string[]
  /** What went wrong after the import, such as a rejection that no code handles. */
  readonly problems: readonly string[]
  /** How many functions that decide about requests were made (`tenantScope`, `createAdmission`). */
  readonly admissions: number
  /** Routes that are outside of every tenant on purpose. */
  readonly allowed: readonly string[]
}
