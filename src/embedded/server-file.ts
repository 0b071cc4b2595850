/** The built command segment-server, as a module that Node.js resolves. */
export const SERVER_FILE = "@visionjobs/node-red-segment/segment-server";
