/** The step of a clone that copies the files of its source. Its name has the id of the source, so that another process can continue it. */
import { recountFiles } from '../../catalog/files/file-usage.ts'
import { copyFilesOf } from '../../file-store.ts'
import type { StepBody } from './step.ts'
import type { StepsParts } from './steps-parts.ts'

const prefix = 'hooks.copyFiles '

export function copyFilesName(sourceId: string): string {
  return prefix + sourceId
}

/** Undefined for the name of another step, and where the config of this process does not say where files are. */
export function copyFilesStep(
  { catalog, options: { files } }: Pick<StepsParts<any>, 'catalog' | 'options'>,
  name: string,
): StepBody | undefined {
  if (!name.startsWith(prefix) || files === undefined) return undefined
  const { store, quota } = files
  return {
    kind: 'hook',
    name,
    async run(tenant, { signal }) {
      await copyFilesOf(store, name.slice(prefix.length), tenant.id, signal)
      if (quota !== undefined) await recountFiles(catalog, store, tenant)
    },
  }
}
