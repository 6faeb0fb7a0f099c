// `npm start`: the tour, by the same way as any other command.
process.argv.splice(2, 0, 'tour');
await import('../cli/holdfast.mjs');
