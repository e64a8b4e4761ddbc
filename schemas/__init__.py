"""What a document is: reading and writing edXML (QCVN 102:2016/BTTTT) and agency codes (QĐ 20/2020/QĐ-TTg).

The way in is `xml_parser.parse_tree`, then `parse.parse`. Everything here is pure: no clock, no network, no
logging, and no knowledge of signatures.
"""
