/** `tenancy.templates.drop`: the row and the schema of a template. The template of a kind is made again by the next run of migrations. */
import { recordAction } from '../../catalog/audit/record.ts'
import { deleteTemplate } from '../../catalog/templates/templates-store.ts'
import { TenancyError } from '../../errors.ts'
import { identifier } from '../../names/identifier.ts'
import { seen } from '../../seen.ts'
import { explainPrivilege } from '../../sql/privilege.ts'
import type { TemplateParts } from './template-parts.ts'
import { readTemplateStates } from './template-state.ts'

/** A template that was saved, by its name; or that of a kind. */
export type TemplateToDrop = string | { readonly kind: string }

export async function dropTemplate({ catalog }: TemplateParts, which: TemplateToDrop): Promise<void> {
  const { deploy } = catalog
  const [state] = await readTemplateStates(deploy, checked(which))
  if (state === undefined) throw unknownTemplate(typeof which === 'string' ? which : which.kind)
  const { template, oid } = state
  try {
    await deploy.transaction(async (transaction) => {
      await recordAction(transaction, {
        action: 'template.dropped',
        object: template.name ?? template.schema,
        details: { kind: template.kind },
      })
      if (!(await deleteTemplate(transaction, template))) throw unknownTemplate(template.name ?? template.kind)
      if (oid !== null) await transaction.query({ text: `drop schema ${identifier(template.schema)} cascade` })
    })
  } catch (error) {
    throw explainPrivilege(
      error,
      `drop the template ${JSON.stringify(template.schema)}`,
      'Use the role that owns it: the option "database.deploy".',
    )
  }
}

export function unknownTemplate(template: string): TenancyError {
  return new TenancyError(
    'UNKNOWN_TEMPLATE',
    `There is no template ${JSON.stringify(template)}. \`npx partywall template list\` shows the templates.`,
    { details: { template } },
  )
}

function checked(which: unknown): { kind: string } | { name: string } {
  if (typeof which === 'string') return { name: which }
  const kind = (which as { kind?: unknown } | null | undefined)?.kind
  if (typeof kind === 'string') return { kind }
  throw new TenancyError('INVALID_ARGUMENT', `templates.drop takes a name or { kind }, and got ${seen(which, 'quoted')}.`, {
    details: { option: 'template', what: 'templates.drop' },
  })
}
