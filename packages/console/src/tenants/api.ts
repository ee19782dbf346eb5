/** What the API of tenants answers. Types only: the client imports them. */

export type Status = 'pending' | 'provisioning' | 'active' | 'suspended' | 'maintenance' | 'archived' | 'deleting' | 'failed'

/** What the role of the operator permits. The routes refuse the rest, too. */
export interface May {
  readonly change: boolean
  /** What cannot be undone: delete, purge, transfer of ownership. */
  readonly remove: boolean
}

export interface HeadAnswer {
  /** The last migration. Absent: none was applied. */
  readonly name?: string
  readonly applied: number
  /** How many are pending. */
  readonly pending: number
  /** How many the files do not have: a newer deploy has applied them. */
  readonly ahead: number
  /** Why it cannot be migrated as it is. */
  readonly problem?: string
}

export interface ActivityAnswer {
  readonly at: string
  /** `used`: it sent statements; else the name of an action of the audit. */
  readonly what: string
}

export interface TenantEntry {
  readonly id: string
  readonly schema: string
  readonly name: string
  readonly kind: string
  readonly status: Status
  readonly createdAt: string
  readonly expiresAt?: string
  /** The name that its schema had before it was archived. */
  readonly formerSchema?: string
  /** Of its tables with their indexes. Absent: a lock or the time kept it from being measured. */
  readonly bytes?: number
  readonly head?: HeadAnswer
  readonly lastActivity?: ActivityAnswer
  /** The primary one. */
  readonly domain?: string
  readonly domains: number
}

export interface ListAnswer {
  readonly items: readonly TenantEntry[]
  /** The ids that pages beside this one begin at. */
  readonly previous?: string
  readonly next?: string
  /** Of all tenants, whatever the filters. */
  readonly counts: {
    readonly all: number
    readonly status: Readonly<Record<string, number>>
    readonly kinds: Readonly<Record<string, number>>
  }
  /** Why the heads are not known. */
  readonly headProblem?: string
  /** Whether the option `usage` is on, so that the last activity also knows reads. */
  readonly countsUsage: boolean
  readonly may: May
}

/** With `brief=1`: for a selector of tenants. */
export interface BriefAnswer {
  readonly items: readonly { readonly schema: string; readonly name: string }[]
}

export type FieldKind = 'text' | 'long text' | 'number' | 'integer' | 'boolean' | 'choice' | 'date' | 'time' | 'json'

/** An attribute of the schema, as a field of a form. */
export interface FormField {
  readonly name: string
  readonly label: string
  readonly kind: FieldKind
  readonly isRequired: boolean
  /** It also takes null. */
  readonly isNullable: boolean
  /** Never shown; an empty field leaves it as it is. */
  readonly isSecret: boolean
  readonly hint?: string
  /** What the schema takes when it is left out. */
  readonly default?: unknown
  readonly choices?: readonly (string | number)[]
  readonly least?: number
  readonly most?: number
  readonly longest?: number
}

/** Absent `fields`: the library of the schema does not tell its parts, so the attributes are written as JSON. */
export interface FormAnswer {
  readonly fields?: readonly FormField[]
  /** Whether there is a schema at all. */
  readonly isChecked: boolean
}

export interface OptionsAnswer {
  readonly form: FormAnswer
  readonly kinds: readonly string[]
  readonly templates: readonly { readonly name: string; readonly kind: string; readonly unusable?: string }[]
  readonly seedSets: readonly string[]
  /** Hosts below which each tenant is found by its name. */
  readonly bases: readonly string[]
  readonly may: May
}

export interface StepAnswer {
  readonly name: string
  readonly state: 'waiting' | 'running' | 'done' | 'failed'
  readonly durationMs?: number
  readonly error?: string
}

export type Move = 'rename' | 'suspend' | 'activate' | 'maintenance' | 'archive' | 'restore' | 'clone' | 'delete' | 'resume'

export interface TenantAnswer extends TenantEntry {
  /** Each change names it, and is refused when the tenant was changed since. */
  readonly version: string
  readonly externalId?: string
  readonly archivedAt?: string
  readonly purgeAt?: string
  readonly boundary: string
  /** Values that look secret are `***`. */
  readonly attributes: Readonly<Record<string, unknown>>
  readonly form: FormAnswer
  readonly tables?: number
  readonly pending: readonly string[]
  readonly url?: string
  /** Why there is no address. */
  readonly noUrl?: string
  /** Seeds and hooks; empty where there are none. */
  readonly steps: readonly StepAnswer[]
  /** What its status permits. */
  readonly moves: readonly Move[]
  readonly hasSettings: boolean
  readonly may: May
}

/** What a stream of work sends, one after the other. `done` or `failed` is the last one. */
export type WorkEvent =
  | { readonly type: 'step'; readonly step: StepAnswer }
  | { readonly type: 'progress'; readonly table: string; readonly bytes: number; readonly totalBytes: number }
  | { readonly type: 'done'; readonly schema: string; readonly name: string; readonly url?: string }
  | {
      readonly type: 'failed'
      readonly problem: Problem
      /** The tenant is there, and can be completed. */ readonly resumable?: string
    }

export interface DomainAnswer {
  readonly domain: string
  readonly isPrimary: boolean
  readonly createdAt: string
}

export interface ClaimAnswer {
  readonly domain: string
  readonly isVerified: boolean
  readonly record: { readonly name: string; readonly type: 'TXT'; readonly value: string }
  readonly checkedAt?: string
  readonly missingSince?: string
}

export interface DomainsAnswer {
  readonly domains: readonly DomainAnswer[]
  readonly claims: readonly ClaimAnswer[]
  readonly may: May
}

interface MemberAnswer {
  readonly userId: string
  readonly role: string
  readonly createdAt: string
}

export interface InvitationAnswer {
  readonly id: string
  readonly email: string
  readonly role: string
  readonly state: 'open' | 'accepted' | 'revoked' | 'expired'
  readonly expiresAt: string
}

export interface MembersAnswer {
  readonly members: readonly MemberAnswer[]
  readonly next?: string
  readonly roles: readonly { readonly name: string; readonly can: readonly string[] }[]
  readonly invitations: readonly InvitationAnswer[]
  readonly seats?: number
  readonly may: May
}

/** The token is given out once. */
export interface InvitedAnswer extends InvitationAnswer {
  readonly token: string
}

interface SettingAnswer {
  readonly key: string
  /** Absent for a secret. */
  readonly value?: unknown
  readonly from: 'tenant' | 'kind' | 'defaults' | 'schema'
  readonly isSecret: boolean
}

export interface SettingsAnswer {
  /** False: the option `settings` is not configured. */
  readonly isOn: boolean
  readonly settings: readonly SettingAnswer[]
  /** Keys that the schema has and that no layer gives a value. */
  readonly unset: readonly { readonly key: string; readonly isSecret: boolean }[]
  readonly may: May
}

export interface DeletePlanAnswer {
  /** What must be typed. */
  readonly schema: string
  readonly tables: number
  readonly sharedRows: readonly { readonly table: string; readonly column: string; readonly rows: number }[]
  readonly references: readonly string[]
  readonly roles: readonly string[]
}

export interface ClonePlanAnswer {
  readonly tables: readonly {
    readonly name: string
    readonly rows: number | null
    readonly bytes: number
    readonly isCopied: boolean
  }[]
  readonly rows: number
  readonly bytes: number
  readonly mayHoldSecrets: readonly string[]
  readonly cut: readonly string[]
  readonly sharedRows: readonly { readonly table: string; readonly rows: number }[]
  readonly refused: readonly string[]
  readonly remarks: readonly string[]
}

export interface DueAnswer {
  readonly due: readonly { readonly schema: string; readonly action: 'archive' | 'delete' }[]
  readonly may: May
}

export interface PurgedAnswer {
  readonly done: number
  readonly failed: readonly { readonly schema: string; readonly error: string }[]
}

/** The body of a refusal: application/problem+json. */
export interface Problem {
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly status: number
  /** Sentences, by the name of the field: `schema`, `domain`, `attributes.plan`. */
  readonly fields?: Readonly<Record<string, string>>
}
