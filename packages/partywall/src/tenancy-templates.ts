/** `tenancy.templates`: what it promises to its users. */
import type { Template } from './catalog/templates/template.ts'
import type { TemplateToDrop } from './lifecycle/templates/drop.ts'
import type { SaveOptions } from './lifecycle/templates/save.ts'
import type { TemplateParts } from './lifecycle/templates/template-parts.ts'

export interface TemplatesApi {
  /**
   * Saves the structure of a tenant, and the rows of the tables in `rows`, as a template. `tenants.create({ template: name })` makes tenants from it; each run of
   * migrations for all tenants of its kind migrates it, too. The tenant stays in use. Costs one transaction with about eight queries, and the copy of the rows.
   * @example await tenancy.templates.save('demo', { from: 'acme', rows: ['plans'] })
   * @throws TenancyError UNKNOWN_TENANT, INVALID_ARGUMENT, UNSUPPORTED_OBJECT, INVALID_TENANT_MOVE, TENANT_LOCKED, TEMPLATE_UNUSABLE, NOT_PERMITTED
   */
  save(name: string, options: SaveOptions): Promise<TemplateStatus>
  /**
   * All templates, those of kinds first. One query.
   * @example for (const { name, kind, unusable } of await tenancy.templates.list()) console.log(name ?? kind, unusable)
   */
  list(): Promise<TemplateStatus[]>
  /**
   * Drops a template with its schema: a saved one by its name, that of a kind by `{ kind }`. The next run of migrations makes the template of a kind again. Tenants
   * that were made from it stay as they are.
   * @example await tenancy.templates.drop('demo')
   * @throws TenancyError UNKNOWN_TEMPLATE, INVALID_ARGUMENT, NOT_PERMITTED
   */
  drop(template: TemplateToDrop): Promise<void>
}

/** A template, and whether tenants can be made from it. */
export interface TemplateStatus {
  readonly id: string
  readonly kind: string
  /** Null: it is the template of its kind. */
  readonly name: string | null
  readonly schema: string
  readonly createdAt: Date
  /** The tables whose rows a new tenant gets. */
  readonly rows: readonly string[]
  /** The seeds whose rows are among these: they do not run in such a tenant. */
  readonly seeds: readonly string[]
  /** Why no tenant is made from it. Absent: tenants are, while its migrations are those of the files. */
  readonly unusable?: string
}

/** Each call loads what it needs: most processes of an application never touch a template. */
export function templatesApi(parts: TemplateParts): TemplatesApi {
  return Object.freeze({
    async save(name, options) {
      const { saveTemplate } = await import(/* webpackMode: "eager" */ './lifecycle/templates/save.ts')
      return statusOf(await saveTemplate(parts, name, options), true, true)
    },
    async list() {
      const { readTemplateStates } = await import(/* webpackMode: "eager" */ './lifecycle/templates/template-state.ts')
      const states = await readTemplateStates(parts.catalog)
      return states.map(({ template, oid, examined }) => statusOf(template, oid !== null, examined !== undefined))
    },
    async drop(template) {
      const { dropTemplate } = await import(/* webpackMode: "eager" */ './lifecycle/templates/drop.ts')
      return dropTemplate(parts, template)
    },
  } satisfies TemplatesApi)
}

function statusOf(template: Template, isThere: boolean, isExamined: boolean): TemplateStatus {
  const { id, kind, name, schema, createdAt, seeds, examined, unfit } = template
  const unusable =
    unfit ??
    (isThere ? (isExamined ? undefined : 'It was not examined with its present history.') : 'Its schema is not in the database.')
  return {
    id,
    kind,
    name,
    schema,
    createdAt,
    rows: examined?.contents.tables.map((table) => table.name) ?? [],
    seeds: seeds.map((seed) => seed.name),
    ...(unusable !== undefined && { unusable }),
  }
}
