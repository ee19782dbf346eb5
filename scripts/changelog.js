// How changeset writes a note into CHANGELOG.md: as it is, without the commit, which tells users nothing.
export default {
  getReleaseLine: async ({ summary }) => {
    const [first, ...rest] = summary.trim().split('\n')
    return [`- ${first}`, ...rest.map((line) => (line.trim() === '' ? '' : `  ${line}`))].join('\n')
  },
  // There is one package.
  getDependencyReleaseLine: async () => '',
}
